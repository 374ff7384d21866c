import { z } from 'zod';
import { RequestId, RunId, Token } from '../ids.js';
import { QuestionChoice } from '../question-choice.js';
import { caller } from './caller.js';

/** A person's answer to a question that a run asks. */
export const ApproveRequestV1 = z.object({
  ...caller,
  requestId: RequestId,
  runId: RunId,
  questionId: Token,
  choice: QuestionChoice,
  /** With the choice `result`: what to take as the tool's result. Raw. */
  result: z.string().max(65_536).optional(),
  /** With the choice `approve`: JSON text of the arguments to run in place of those that were shown. Raw. */
  arguments: z.string().max(262_144).optional(),
});
export type ApproveRequestV1 = z.infer<typeof ApproveRequestV1>;
