import { z } from 'zod';
import { Token } from '../ids.js';
import { RunLimits } from '../run-limits.js';

export const AgentManifest = z.object({
  id: Token,
  description: z.string().max(2_000),
  /** First message of every prompt. */
  instructions: z.string().max(32_768),
  /** Id of a model of the same bundle. */
  model: Token,
  /** Names of tools it may ask for; whether it may use one, the rules say. */
  tools: z.array(z.string()).max(128),
  limits: RunLimits,
});
export type AgentManifest = z.infer<typeof AgentManifest>;
