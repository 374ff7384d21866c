/** A request that came under an idempotency key. */
export interface KeyedRequest {
  tenant: string;
  /** Made from the key; the run's id follows from it. */
  requestId: string;
  runId: string;
  /** Keyed hash of the request, hex. */
  fingerprint: string;
}

/** What a key stands for. */
export interface Standing {
  runId: string;
  fingerprint: string;
  /** The run's journal was begun. */
  started: boolean;
}

/** Remembers what keys stand for, for `idempotencyKeepMs`. STORE_UNAVAILABLE when it cannot be reached. */
export abstract class IdempotencyPort {
  /** Keeps the request where its key is new, and gives what the key stands for then: the first request wins. */
  abstract reserve(request: KeyedRequest, keepMs: number): Promise<Standing>;
  abstract markStarted(request: KeyedRequest): Promise<void>;
  /** Forgets keys whose time is over, at most so many; gives how many. */
  abstract sweep(rowsMax: number): Promise<number>;
}
