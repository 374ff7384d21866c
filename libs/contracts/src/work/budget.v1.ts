import { z } from 'zod';
import { Token } from '../ids.js';
import { Count } from '../units.js';

/** A limit that several partitions share, cut into slices. Lies in KV `budgets`; changed by compare-and-set alone. */
export const BudgetV1 = z.object({
  limit: Count,
  /** Of the bundle that the limit is from: a newer one may change it, an older one may not. */
  version: Count,
  /** Who may use how much at once, by partition. Their sum is never above the limit, unless that was lowered. */
  slices: z.record(z.string(), z.object({ count: Count, owner: Token })),
  /** Partitions that lack some, in the order in which they are served. */
  wants: z.array(z.object({ partition: z.string(), count: Count })).max(100),
});
export type BudgetV1 = z.infer<typeof BudgetV1>;
