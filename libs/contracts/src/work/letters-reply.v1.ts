import { z } from 'zod';
import { Count } from '../units.js';
import { LetterHead } from './letter-head.js';

/** A page of letters, or the one that was named. */
export const LettersReplyV1 = z.object({
  letters: z.array(LetterHead).max(200),
  /** Where to go on; null when that was all. */
  next: Count.nullable(),
  /** What is in the letter, without personal data and shortened; null where it was not asked for or cannot be read. */
  view: z.unknown(),
});
export type LettersReplyV1 = z.infer<typeof LettersReplyV1>;
