import { z } from 'zod';
import { Token } from '../ids.js';
import { Scope } from './scope.js';

/** A test on one argument, by its JSON pointer. */
export const RuleCondition = z.object({
  pointer: z.string().regex(/^(\/[^/]*)*$/),
  op: z.enum(['equals', 'oneOf', 'startsWith', 'urlHost', 'atMost']),
  /** What the argument is compared with; its type follows from `op`. */
  value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
});
export type RuleCondition = z.infer<typeof RuleCondition>;

/** A line of an allowlist. A forbid that matches beats every permit; no permit means denied. */
export const Rule = z.object({
  id: Token,
  effect: z.enum(['permit', 'forbid']),
  agents: Scope,
  tools: Scope,
  /** All must hold; none: the rule always matches. */
  when: z.array(RuleCondition).max(16),
  /** For people: why the rule is there. */
  description: z.string().max(500),
});
export type Rule = z.infer<typeof Rule>;
