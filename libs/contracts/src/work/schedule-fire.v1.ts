import { z } from 'zod';
import { RunId, Token } from '../ids.js';
import { RunLimits } from '../run-limits.js';
import { Millis } from '../units.js';

/** A schedule is due. The run's id follows from tenant, schedule and due time, so that firing twice is one run. */
export const ScheduleFireV1 = z.object({
  scheduleId: Token,
  dueAt: Millis,
  agent: Token,
  keyId: Token,
  /** What is asked, sealed for the guard. */
  sealed: z.string().max(131_072),
  limits: RunLimits.partial().optional(),
  session: z.boolean(),
  /** Not while this run is open. */
  unlessOpen: RunId.optional(),
});
export type ScheduleFireV1 = z.infer<typeof ScheduleFireV1>;
