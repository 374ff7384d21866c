import { z } from 'zod';
import { Token } from '../ids.js';
import { RunLimits } from '../run-limits.js';
import { AgentPlan } from './agent-plan.js';

/** What the final answer of an agent must be. */
export const AgentOutput = z.object({
  /** JSON Schema of the answer. The model is told it. */
  schema: z.record(z.string(), z.unknown()),
  /** How often the model is asked again because its answer does not match; then the run fails. */
  repairsMax: z.number().int().min(0).max(5).default(2),
});
export type AgentOutput = z.infer<typeof AgentOutput>;

export const AgentManifest = z.object({
  id: Token,
  description: z.string().max(2_000),
  /** First message of every prompt. */
  instructions: z.string().max(32_768),
  /** Id of a model of the same bundle. */
  model: Token,
  /** Models that take its place, in this order, for runs whose data must stay where the model is not. Absent: none. */
  alternatives: z.array(Token).min(1).max(16).optional(),
  /** What forks of its runs may have in place of the agent's own; absent: nothing. */
  forks: z
    .object({
      /** Ids of models of the same bundle. */
      models: z.array(Token).max(16).optional(),
      /** Whether other instructions may be given. Rules and limits hold all the same. */
      instructions: z.boolean().optional(),
    })
    .optional(),
  /** Names of tools it may ask for; whether it may use one, the rules say. */
  tools: z.array(z.string()).max(128),
  limits: RunLimits,
  /** Runs of the agent that are under way at once, those that wait for a person not counted; more wait. Absent: any number. */
  concurrentRunsMax: z.number().int().min(1).max(1_000_000).optional(),
  /** Absent: any text is an answer. */
  output: AgentOutput.optional(),
  /**
   * Reads what others wrote and answers in values without room for words: it has no tools, and its output schema only
   * numbers, true or false, listed values and dates. So its answer is trusted, whatever it read.
   */
  extract: z.literal(true).optional(),
  /** Absent: the model says what to do. Otherwise these steps are all that is done, and no model is asked. */
  plan: AgentPlan.optional(),
});
export type AgentManifest = z.infer<typeof AgentManifest>;
