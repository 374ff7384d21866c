import { z } from 'zod';
import { Sha256Hex, Token } from '../ids.js';
import { QuestionChoice } from '../question-choice.js';
import { Millis } from '../units.js';
import { Principal } from './principal.js';

export const QuestionAnsweredV1 = z.object({
  principal: Principal,
  questionId: Token,
  choice: QuestionChoice,
  /** With `result`: what to take as the tool's result. */
  result: z.string().max(65_536).optional(),
  /** Of an approval: SHA-256 of the arguments that were shown to the person. */
  argumentsHash: Sha256Hex.optional(),
  answeredAt: Millis,
});
export type QuestionAnsweredV1 = z.infer<typeof QuestionAnsweredV1>;
