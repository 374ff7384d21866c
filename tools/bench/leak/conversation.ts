/** What the model says in one turn. */
export interface ModelStep {
  text?: string;
  /** Says again what it was told last. */
  echo?: true;
  calls?: { name: string; arguments: string }[];
  fail?: { status: number; body: string };
  hang?: true;
  /** Characters that are sent at a time. */
  chunkChars: number;
}

/** What a server answers to one request of a tool. */
export interface ServerAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
  hang?: true;
}

export const KINDS = [
  'ask',
  'invent',
  'tool',
  'tool error',
  'session',
  'provider error',
  'refused',
  'intervene',
  'answer',
  'fork',
  'code',
  'secret',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Conversation {
  /** By this the model and the server know it again. */
  word: string;
  kind: Kind;
  way: 'HTTP' | 'NATS';
  stream: boolean;
  input: string;
  instructions?: string;
  names?: string[];
  session?: string;
  idempotencyKey?: string;
  metadata?: Record<string, string>;
  steps: ModelStep[];
  answers: ServerAnswer[];
  /** Of what is said to the run afterwards. */
  said: Record<string, string>;
}
