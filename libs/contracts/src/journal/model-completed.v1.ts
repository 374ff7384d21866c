import { z } from 'zod';
import { DecisionRecord } from '../policy/decision-record.js';
import { ToolCall } from '../conversation.js';
import { Token } from '../ids.js';
import { Findings, Redactions } from '../redactions.js';
import { Millis, NanoUsd } from '../units.js';
import { Usage } from '../usage.js';
import { modelStep, ProviderTry } from './model-step.js';

export const ModelCompletedV1 = z.object({
  ...modelStep,
  content: z.string(),
  toolCalls: z.array(ToolCall).max(64),
  /** Why the model stopped, in the words of the OpenAI dialect. */
  finish: z.enum(['stop', 'tool_calls', 'length', 'content_filter']),
  usage: Usage,
  costNanoUsd: NanoUsd,
  provider: Token,
  /** The provider's own name of the model that answered. */
  upstream: z.string().max(128),
  /** True where the provider is the simulation. */
  simulated: z.boolean(),
  /** In order; the last one answered. */
  tries: z.array(ProviderTry).max(32),
  redactions: Redactions,
  /** What fired, and by which rule. Absent: nothing, or not told. */
  findings: Findings.optional(),
  /** Which recognisers and rules cleaned it. Absent: not told. */
  ruleset: Token.optional(),
  /** By what policy let it, or did not; absent: no policy is about it. */
  decision: DecisionRecord.optional(),
  completedAt: Millis,
});
export type ModelCompletedV1 = z.infer<typeof ModelCompletedV1>;
