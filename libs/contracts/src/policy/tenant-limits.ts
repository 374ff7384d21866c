import { z } from 'zod';

/** What all runs of a tenant may take up together. */
export const TenantLimits = z.object({
  /** Runs under way at once, those that wait for a person not counted; more wait. Absent: any number. */
  concurrentRunsMax: z.number().int().min(1).max(1_000_000).optional(),
  /** Runs that are not over, waiting ones among them; more are refused. Absent: as the guard is configured. */
  openRunsMax: z.number().int().min(1).max(10_000_000).optional(),
  /** Share of turns beside other tenants. Absent: 1. */
  weight: z.number().int().min(1).max(100).optional(),
});
export type TenantLimits = z.infer<typeof TenantLimits>;
