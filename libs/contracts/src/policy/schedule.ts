import { z } from 'zod';
import { Token } from '../ids.js';
import { RunLimits } from '../run-limits.js';
import { Millis } from '../units.js';

/** UTF-16 characters of all messages of a schedule together. */
export const SCHEDULE_INPUT_CHARS_MAX = 16_384;

/** When a schedule is due: five cron fields in a time zone, or every so often from a start on. */
export const ScheduleTimes = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('cron'),
    /** Minute, hour, day of month, month, day of week. */
    cron: z
      .string()
      .regex(/^[^\s]+( +[^\s]+){4}$/, 'must be five fields')
      .max(100),
    /** IANA name. */
    timeZone: z.string().min(1).max(64).default('UTC'),
  }),
  z.object({
    kind: z.literal('interval'),
    everyMs: z.number().int().min(60_000).max(31_622_400_000),
    /** Due then, and every so often after. */
    startAt: Millis,
  }),
]);
export type ScheduleTimes = z.infer<typeof ScheduleTimes>;

/** A standing order to start runs. */
export const Schedule = z.object({
  id: Token,
  description: z.string().max(500).default(''),
  agent: Token,
  /** The key in whose name the runs are started; looked at anew each time. */
  keyId: Token,
  times: ScheduleTimes,
  limits: RunLimits.partial().optional(),
  /** Runs of the schedule see each other, as those of one conversation do. */
  session: z.boolean().default(false),
  /** What to do about times that passed while nobody could fire: nothing, or one run for the last of them. */
  missed: z.enum(['skip', 'once']).default('skip'),
  /** What to do while the run of the time before is still open. */
  overlap: z.enum(['skip', 'allow']).default('skip'),
  enabled: z.boolean().default(true),
});
export type Schedule = z.infer<typeof Schedule>;

/** What a schedule asks; raw, so it is kept sealed and shown cleaned. */
export const ScheduleInput = z
  .array(
    z.object({
      role: z.enum(['user', 'assistant', 'system']),
      content: z.string().min(1).max(SCHEDULE_INPUT_CHARS_MAX),
    }),
  )
  .min(1)
  .max(16);
export type ScheduleInput = z.infer<typeof ScheduleInput>;
