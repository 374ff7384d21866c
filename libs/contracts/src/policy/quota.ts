import { z } from 'zod';
import { Token } from '../ids.js';
import { WAIT_MS_MAX } from '../waiting.js';
import { Scope } from './scope.js';

/** Whose calls are counted together. A run counts with all runs that were started for calls of it. */
export const QuotaPer = z.enum(['run', 'session', 'user', 'tenant']);
export type QuotaPer = z.infer<typeof QuotaPer>;

/**
 * How many calls of some tools there may be, or how much an argument of them may come to, in a time. A call counts from
 * the moment it is decided on; one that is refused, or that surely never began, does not count.
 */
export const Quota = z.object({
  id: Token,
  agents: Scope,
  /** Calls of all of these count together. */
  tools: Scope,
  per: QuotaPer,
  /** A call counts for so long, ms. Absent: for ever, which only a run may have. */
  windowMs: z.number().int().min(1_000).max(WAIT_MS_MAX).optional(),
  /** So many calls; or with `sum` that much of it, at most four places. */
  max: z.number().min(0).max(100_000_000_000),
  /** JSON pointer of the argument that is added up: a number that is not negative. Absent: calls are counted. */
  sum: z
    .string()
    .regex(/^(\/[^/]*)+$/)
    .max(256)
    .optional(),
  /** For people: why there is such a bound. */
  description: z.string().max(500),
});
export type Quota = z.infer<typeof Quota>;

/** What a call took of a quota: so much was used up then, this call included, of so much. */
export const QuotaTaken = z.object({ id: Token, used: z.number(), max: z.number() });
export type QuotaTaken = z.infer<typeof QuotaTaken>;
