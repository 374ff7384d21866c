import { z } from 'zod';
import { Token } from '../ids.js';
import { Count } from '../units.js';

/** A piece of a model's answer while it is being made; redacted, pseudonyms in it are whole. */
export const TokenDeltaV1 = z.object({
  step: Count,
  attempt: Count,
  /** Counts from 0 within one attempt of one step. */
  index: Count,
  text: z.string(),
  /** Who wrote it: two workers may hold one attempt for a while, and their pieces must not be mixed. */
  worker: Token,
});
export type TokenDeltaV1 = z.infer<typeof TokenDeltaV1>;
