import { z } from 'zod';
import { Token } from '../ids.js';
import { Scope } from './scope.js';

/**
 * Rules of the mesh itself, which hold unless a tenant waives one by name. `base.integrity`: what others may have written
 * triggers nothing outside by itself. `base.confidentiality`: nothing goes to whom it is not for.
 */
export const BASE_RULES = ['base.integrity', 'base.confidentiality'] as const;
export const BaseRule = z.enum(BASE_RULES);
export type BaseRule = z.infer<typeof BaseRule>;

/** A rule of the mesh itself that does not hold for some agents. */
export const Waiver = z.object({
  id: Token,
  rule: BaseRule,
  agents: Scope,
  /** For people: why. Decisions that it changes name the waiver. */
  reason: z.string().min(1).max(400),
});
export type Waiver = z.infer<typeof Waiver>;
