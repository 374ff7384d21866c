import { z } from 'zod';
import { Millis } from '../units.js';
import { WireError } from '../wire-error.js';
import { modelStep, ProviderTry } from './model-step.js';

export const ModelFailedV1 = z.object({
  ...modelStep,
  error: WireError,
  tries: z.array(ProviderTry).max(32),
  failedAt: Millis,
});
export type ModelFailedV1 = z.infer<typeof ModelFailedV1>;
