import { z } from 'zod';
import { RunId } from '../ids.js';
import { caller } from './caller.js';

/** Approvals listed in one answer, at most. */
export const APPROVALS_LISTED_MAX = 100;

/** Which approvals are open that the caller may give, or whose runs are theirs. */
export const ApprovalsAskV1 = z.object({
  ...caller,
  /** Only those of this run. */
  runId: RunId.optional(),
  /** `next` of the answer before. */
  after: z.string().max(200).optional(),
  limit: z.number().int().min(1).max(APPROVALS_LISTED_MAX).optional(),
});
export type ApprovalsAskV1 = z.infer<typeof ApprovalsAskV1>;
