import { z } from 'zod';
import { RunId, Token } from '../ids.js';
import { RunQuestion } from './run-view.v1.js';

/** An approval that is open. Personal data in it is restored for whoever started the run, and for nobody else. */
export const OpenApproval = z.object({
  runId: RunId,
  agent: Token.nullable(),
  /** The user that the run is for. */
  startedBy: Token,
  /** Whether the caller may answer, and has not. */
  mayAnswer: z.boolean(),
  /** In whose place the caller would. */
  onBehalfOf: Token.optional(),
  question: RunQuestion,
});
export type OpenApproval = z.infer<typeof OpenApproval>;

/** Oldest runs first. */
export const ApprovalsReplyV1 = z.object({
  items: z.array(OpenApproval),
  /** Null: there are no more. */
  next: z.string().nullable(),
});
export type ApprovalsReplyV1 = z.infer<typeof ApprovalsReplyV1>;
