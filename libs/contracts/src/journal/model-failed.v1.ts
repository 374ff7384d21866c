import { z } from 'zod';
import { DecisionRecord } from '../policy/decision-record.js';
import { Millis } from '../units.js';
import { WireError } from '../wire-error.js';
import { modelStep, ProviderTry } from './model-step.js';

export const ModelFailedV1 = z.object({
  ...modelStep,
  error: WireError,
  tries: z.array(ProviderTry).max(32),
  /** By what policy let it, or did not; absent: no policy is about it. */
  decision: DecisionRecord.optional(),
  failedAt: Millis,
});
export type ModelFailedV1 = z.infer<typeof ModelFailedV1>;
