import { z } from 'zod';
import { RunId } from '../ids.js';
import { RunForkRequest } from '../run-fork.js';

export const ArchivedRunRequestV1 = z.object({
  runId: RunId,
  /** Asks for the conversation up to there as well; REQUEST_INVALID where the run has no such step. */
  step: RunForkRequest.shape.step.optional(),
});
export type ArchivedRunRequestV1 = z.infer<typeof ArchivedRunRequestV1>;
