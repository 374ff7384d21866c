import { z } from 'zod';
import { Token } from '../ids.js';
import { Regions } from './residency.js';
import { NanoUsd } from '../units.js';

export const ModelManifest = z.object({
  id: Token,
  /** Work pool, and the name of the provider in the inference service. */
  provider: Token,
  /** The provider's own name of the model; absent: the provider's default. */
  upstream: z.string().max(128).optional(),
  /** Where its provider works on and keeps what it is sent; all of them count. Absent: nobody knows. */
  regions: Regions.optional(),
  inputNanoUsdPerToken: NanoUsd,
  outputNanoUsdPerToken: NanoUsd,
  outputTokensMax: z.number().int().min(1).max(200_000),
  timeoutMs: z.number().int().min(100).max(600_000),
});
export type ModelManifest = z.infer<typeof ModelManifest>;
