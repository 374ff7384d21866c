import type { RunRef } from '../runs/run-journal.port.js';

/** A call that a worker may be making now, by the run's own journal. */
export interface OpenCall {
  agent: string;
  tool: string;
  userId: string;
  /** JSON text, with tokens. */
  arguments: string;
  argumentsHash: string;
  /** Others may have written what led to the call, or one of its arguments. */
  untrusted: boolean;
}

export abstract class CallsPort {
  /** Null: the run has no such call, or it has its result. */
  abstract open(run: RunRef, callId: string): Promise<OpenCall | null>;
}
