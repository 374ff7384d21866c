import { z } from 'zod';
import { LetterFilter, LetterKey } from './letter-head.js';

/** Audit's questions about the dead letters of GATE, which only the guard can see. `replay`: handle it again. */
export const LettersAskV1 = z.discriminatedUnion('op', [
  LetterFilter.extend({ op: z.literal('list') }),
  LetterKey.extend({ op: z.literal('show') }),
  LetterKey.extend({ op: z.literal('replay') }),
]);
export type LettersAskV1 = z.infer<typeof LettersAskV1>;
