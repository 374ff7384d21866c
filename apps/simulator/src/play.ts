/** How an answer goes wrong. */
export type Fault =
  | { kind: 'fail'; status: number; retryAfterS?: number | undefined }
  | { kind: 'hang'; midway: boolean }
  | { kind: 'garbage' }
  /** `clean`: the stream ends properly, but before the answer does. */
  | { kind: 'cut'; clean: boolean };

export interface PlayedCall {
  name: string;
  /** As it stands in the answer; not always JSON. */
  arguments: string;
}

/** What the simulation does with one request. */
export interface Play {
  text: string;
  calls: PlayedCall[];
  finish?: 'stop' | 'length' | 'content_filter' | undefined;
  /** False: the answer says nothing of usage. */
  usage?: { inputTokens: number; outputTokens: number } | false | undefined;
  fault?: Fault | undefined;
  /** Before the first byte. */
  delayMs: number;
  wordDelayMs?: number | undefined;
}
