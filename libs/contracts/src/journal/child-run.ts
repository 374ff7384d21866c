import { z } from 'zod';
import { RunId, Token } from '../ids.js';
import { Count, Millis, NanoUsd } from '../units.js';

/** The run that is to carry out a call, and what of its parent's limits it may use up; the agent's own narrow them. */
export const ChildRun = z.object({
  runId: RunId,
  agent: Token,
  /** Held back from the parent until the child has ended. */
  limits: z.object({ tokensMax: Count.min(1), costNanoUsdMax: NanoUsd, toolCallsMax: Count, depthMax: Count }),
  /** The parent's own. */
  deadlineAt: Millis,
});
export type ChildRun = z.infer<typeof ChildRun>;
