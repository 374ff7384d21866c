import { z } from 'zod';
import { RunId, Token } from '../ids.js';
import { Redactions } from '../redactions.js';
import { Count, Millis, NanoUsd } from '../units.js';
import { Usage } from '../usage.js';
import { WireError } from '../wire-error.js';

/** `refused`: the guard would not start it. `waiting`: it asks a person, see `question`. */
export const RUN_STATUSES = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'refused'] as const;

/** A run as people and systems see it. What is null is not known yet, or there is none. */
export const RunViewV1 = z.object({
  runId: RunId,
  status: z.enum(RUN_STATUSES),
  agent: Token.nullable(),
  model: z.string().nullable(),
  /** Restored: the caller's own data is back in it. */
  output: z.string().nullable(),
  error: WireError.nullable(),
  usage: Usage,
  costNanoUsd: NanoUsd,
  /** The provider was the simulation: nothing in it is a real answer. */
  simulated: z.boolean(),
  redactions: Redactions,
  toolCalls: Count,
  /** Tool calls that were refused. */
  denied: Count,
  question: z.object({ questionId: Token, question: z.string(), choices: z.array(z.string()) }).nullable(),
  acceptedAt: Millis.nullable(),
  endedAt: Millis.nullable(),
});
export type RunViewV1 = z.infer<typeof RunViewV1>;
