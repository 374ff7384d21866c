import { z } from 'zod';

export const ScheduleShown = z.object({
  id: z.string(),
  revision: z.number(),
  definition: z.looseObject({
    agent: z.string(),
    keyId: z.string(),
    enabled: z.boolean(),
    times: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('cron'), cron: z.string(), timeZone: z.string() }),
      z.object({ kind: z.literal('interval'), everyMs: z.number(), startAt: z.number() }),
    ]),
  }),
  input: z.unknown(),
  nextAt: z.string().nullable(),
  last: z.looseObject({ dueAt: z.string(), outcome: z.string(), runId: z.string().nullable() }).nullable(),
  started: z.number(),
  missed: z.number(),
});
export const ScheduleList = z.object({ items: z.array(ScheduleShown), next: z.string().nullable() });
export const Upcoming = z.object({ items: z.array(z.string()) });
