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
  /** Of an approval with other arguments than were shown: those, as JSON text, redacted. They are run in place of the others. */
  arguments: z.string().max(262_144).optional(),
  /** Whose right it is that the person used, where it is not their own. */
  onBehalfOf: Token.optional(),
  /** The delegation that lets them. */
  delegation: Token.optional(),
  /** What whose right it is is in the tenant, as the guard found it. Absent: nothing. */
  roles: z.array(Token).max(256).optional(),
  answeredAt: Millis,
});
export type QuestionAnsweredV1 = z.infer<typeof QuestionAnsweredV1>;
