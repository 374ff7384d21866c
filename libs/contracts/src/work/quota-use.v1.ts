import { z } from 'zod';
import { Token } from '../ids.js';
import { Count, Millis } from '../units.js';

/**
 * What was taken of one quota by one run, session, user or tenant. Lies in KV `quotas`; changed by compare-and-set alone.
 * Amounts in ten-thousandths.
 */
export const QuotaUseV1 = z.object({
  /** Reservations one by one: the call that holds it, `<run>:<call>`, since when, how much, by which process. Oldest first. */
  held: z.array(z.tuple([z.string().max(160), Millis, Count, Token])),
  /** Older ones, added up: they count as if all were taken at that time. Oldest first. */
  past: z.array(z.tuple([Millis, Count])),
});
export type QuotaUseV1 = z.infer<typeof QuotaUseV1>;
