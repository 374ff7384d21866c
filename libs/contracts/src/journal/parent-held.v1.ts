import { z } from 'zod';
import { RunId } from '../ids.js';
import { Millis } from '../units.js';

/** The run that called this one is paused, or goes on. */
export const ParentHeldV1 = z.object({
  parentRunId: RunId,
  /** How often that run was paused or let go on by then, from 1: what is of an earlier time than what is known counts for nothing. */
  round: z.number().int().min(1),
  holds: z.boolean(),
  reason: z.string().max(500),
  /** When that run was paused or let go on. */
  heldAt: Millis,
});
export type ParentHeldV1 = z.infer<typeof ParentHeldV1>;
