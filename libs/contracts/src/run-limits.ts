import { z } from 'zod';
import { NanoUsd } from './units.js';

/** What a run may use up. Enforced by the decider before anything is dispatched. */
export const RunLimits = z.object({
  /** A step is one model call with the tool calls that it asks for. */
  stepsMax: z.number().int().min(1).max(1_000),
  /** Input and output of all steps together. */
  tokensMax: z.number().int().min(1),
  costNanoUsdMax: NanoUsd,
  toolCallsMax: z.number().int().min(0).max(10_000),
  /** Calls of one step that run at the same time; the others wait their turn. */
  parallelToolCallsMax: z.number().int().min(1).max(64),
  /** From the start of the run (not its acceptance) to its end; time in which it only waits or is paused does not count. */
  wallMsMax: z.number().int().min(100).max(2_592_000_000),
  /** Runs of other agents below this one, one under the other; 0: it may start none. Absent: 4. */
  depthMax: z.number().int().min(0).max(16).optional(),
});
export type RunLimits = z.infer<typeof RunLimits>;
