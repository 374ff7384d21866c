import { z } from 'zod';
import { TenantId } from '../ids.js';
import { Count, Millis } from '../units.js';

/** How busy a partition is, as its router last saw it. Lies in KV `health` under `load.<partition>`. */
export const PartitionLoadV1 = z.object({
  /** Runs that are not over, waiting ones among them. */
  openRuns: Count,
  openRunsMax: Count,
  /** Accepted runs that wait for their turn. */
  waitingRuns: Count,
  /** Runs that ended lately, a second. */
  endedPerS: z.number().min(0),
  /** Open runs of the tenants that have the most. */
  tenants: z.record(TenantId, Count),
  /** How far the router had read the partition's stream: what was stored later is not counted. Routers of 0.2 do not say. */
  seq: Count.optional(),
  at: Millis,
});
export type PartitionLoadV1 = z.infer<typeof PartitionLoadV1>;
