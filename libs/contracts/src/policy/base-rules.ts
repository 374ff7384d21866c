import { z } from 'zod';

/**
 * Rules of the mesh itself, which hold unless a tenant goes without one by name. `base.integrity`: what others may have
 * written triggers nothing outside by itself. `base.confidentiality`: nothing goes to whom it is not for.
 */
export const BASE_RULES = ['base.integrity', 'base.confidentiality'] as const;
export const BaseRule = z.enum(BASE_RULES);
export type BaseRule = z.infer<typeof BaseRule>;

/** What a tenant says about the base rules. */
export const BaseRules = z.object({
  /** Those that do not hold. */
  off: z.array(BaseRule).max(BASE_RULES.length),
  /** For people: why. */
  reason: z.string().max(400),
});
export type BaseRules = z.infer<typeof BaseRules>;
