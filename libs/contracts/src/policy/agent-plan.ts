import { z } from 'zod';
import { Expression } from './expression.js';

const PlannedCall = z.object({
  tool: z.string(),
  /** The arguments; in them each `{"$": "<expression over input, steps, history>"}` stands for its value. */
  arguments: z.record(z.string(), z.unknown()),
});

const PlannedStep = z.object({
  /** By which later expressions name it. */
  id: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
  calls: z.array(PlannedCall).min(1).max(64),
  /**
   * `parallel`: at once, as far as the agent's limit of parallel calls allows. `sequence`: each once the one before has
   * its result in the journal; one that fails or is refused ends the step.
   */
  order: z.enum(['parallel', 'sequence']).default('parallel'),
  /** What a failed or refused call does to the run. */
  onError: z.enum(['stop', 'continue']).default('stop'),
});

/** The steps of an agent that asks no model. */
export const AgentPlan = z.object({
  steps: z.array(PlannedStep).min(1).max(100),
  /** Over the same as the arguments; its value is the answer. */
  output: Expression,
  /** Whether the run is given its session's history, and its question and answer are kept there. */
  history: z.boolean().default(false),
});
export type AgentPlan = z.infer<typeof AgentPlan>;
