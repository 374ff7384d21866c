import { z } from 'zod';
import { Count, Token } from '../common.js';

/** A piece of a model's answer while it is being made; redacted, pseudonyms in it are whole. */
export const TokenDeltaV1 = z.object({
  step: Count,
  attempt: Count,
  /** Counts from 0 within one attempt of one step. */
  index: Count,
  text: z.string(),
  worker: Token,
});
export type TokenDeltaV1 = z.infer<typeof TokenDeltaV1>;

/** Said by the router when a run moved on; only a hint to read the journal. */
export const RunNoteV1 = z.object({
  phase: z.enum(['started', 'step', 'waiting', 'ended']),
  seq: Count,
});
export type RunNoteV1 = z.infer<typeof RunNoteV1>;

/** Said by the router when a run was cancelled; workers stop what they do for it. */
export const CancelNoteV1 = z.object({ reason: z.string().max(500) });
export type CancelNoteV1 = z.infer<typeof CancelNoteV1>;
