import { z } from 'zod';
import { BundleRef } from './bundle-ref.js';

/** Why something was allowed or not; kept in the journal. */
export const DecisionRecord = z.object({
  outcome: z.enum(['permit', 'deny']),
  /** What decided: a rule, the lack of one (`default`), a fault while deciding, or arguments that are no arguments. */
  kind: z.enum(['permit', 'forbid', 'default', 'error', 'invalid']),
  /** The rules that decided; empty for `default`. */
  rules: z.array(z.string()),
  reason: z.string().max(1_000),
  /** Null: none was in force, so it was denied. */
  bundle: BundleRef.nullable(),
});
export type DecisionRecord = z.infer<typeof DecisionRecord>;
