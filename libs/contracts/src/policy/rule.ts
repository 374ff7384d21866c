import { z } from 'zod';
import { Token } from '../ids.js';
import { WAIT_MS_MAX } from '../waiting.js';
import { Scope } from './scope.js';

/** Whether a rule or policy decides, or is only looked at. */
export const PolicyMode = z.enum(['enforce', 'shadow']);
export type PolicyMode = z.infer<typeof PolicyMode>;

/** A test on one argument, by its JSON pointer. */
export const RuleCondition = z.object({
  pointer: z.string().regex(/^(\/[^/]*)*$/),
  op: z.enum(['equals', 'oneOf', 'startsWith', 'urlHost', 'atMost']),
  /** What the argument is compared with; its type follows from `op`. */
  value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
});
export type RuleCondition = z.infer<typeof RuleCondition>;

/** What the approval of a call asks for. */
export const ApprovalTerms = z.object({
  /** Users of the tenant who may approve; neither these nor `roles`: whoever started the run. */
  approvers: z.array(Token).min(1).max(64).optional(),
  /** Whoever has one of these roles may too. */
  roles: z.array(Token).min(1).max(16).optional(),
  /** Where several rules ask: of each of these, too, whoever approves must be one. Made by the enforcement points. */
  and: z
    .array(z.object({ approvers: z.array(Token).max(64).optional(), roles: z.array(Token).max(16).optional() }))
    .max(64)
    .optional(),
  /** So many different people must agree, and none of them object. Absent: one. */
  quorum: z.number().int().min(1).max(16).optional(),
  /**
   * Whether the one who started the run may be among them. Absent: if `approvers` names them, or nobody is named at all;
   * a role is not enough.
   */
  starter: z.boolean().optional(),
  /** Not approved within this, the call is refused, ms. */
  withinMs: z.number().int().min(1_000).max(WAIT_MS_MAX).default(86_400_000),
});
export type ApprovalTerms = z.infer<typeof ApprovalTerms>;

/**
 * A line of an allowlist. A forbid that matches beats every approve, an approve every permit; neither permit nor approve
 * means denied. Where several approves match, the terms of all hold.
 */
export const Rule = z.object({
  id: Token,
  /** `approve`: permitted once a person agrees to exactly this call. */
  effect: z.enum(['permit', 'forbid', 'approve']),
  agents: Scope,
  tools: Scope,
  /** All must hold; none: the rule always matches. */
  when: z.array(RuleCondition).max(16),
  /** Of an `approve`; absent: the defaults. */
  approval: ApprovalTerms.optional(),
  /** `shadow`: without effect, but recorded beside each decision. Absent: in force. */
  mode: PolicyMode.optional(),
  /** For people: why the rule is there. */
  description: z.string().max(500),
});
export type Rule = z.infer<typeof Rule>;
