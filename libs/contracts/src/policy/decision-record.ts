import { z } from 'zod';
import { Token } from '../ids.js';
import { CallLabels } from '../label.js';
import { BundleRef } from './bundle-ref.js';
import { QuotaTaken } from './quota.js';
import { ApprovalTerms } from './rule.js';

/** What would have been decided if all that is in shadow were in force. It has no effect. */
export const ShadowRecord = z.object({
  outcome: z.enum(['permit', 'deny', 'approve']),
  /** As of a decision; `error` where what is in shadow has a fault. */
  kind: z.string().max(32),
  rules: z.array(z.string()),
  policies: z.array(z.string()).optional(),
  /** The draft in shadow; absent: single rules and policies alone. */
  draft: Token.optional(),
});
export type ShadowRecord = z.infer<typeof ShadowRecord>;

/** Why something was allowed or not; kept in the journal. */
export const DecisionRecord = z.object({
  /** `approve`: only once a person agrees to exactly this call. */
  outcome: z.enum(['permit', 'deny', 'approve']),
  /**
   * What decided: a rule or a Cedar policy (`permit`, `forbid`, `approve`), the lack of one (`default`), a person (`approval`),
   * the kill switch (`halt`), a quota that is used up (`quota`), a place where data may not go (`residency`), a fault while deciding (`error`), or arguments that are no
   * arguments (`invalid`).
   */
  kind: z.enum([
    'permit',
    'forbid',
    'default',
    'error',
    'invalid',
    'approve',
    'approval',
    'halt',
    'quota',
    'residency',
  ]),
  /** The rules that decided, those of the mesh itself as `base.<name>`; empty for `default`. */
  rules: z.array(z.string()),
  /** The Cedar policies that decided; absent: none did. */
  policies: z.array(z.string()).optional(),
  reason: z.string().max(1_000),
  /** Of the call that was decided about. Absent: arguments that are no arguments, or a release before labels. */
  labels: CallLabels.optional(),
  /** Null: none was in force, so it was denied. */
  bundle: BundleRef.nullable(),
  /** With the outcome `approve`: who may agree, and how long that is waited for. */
  terms: ApprovalTerms.optional(),
  /** Absent: nothing was in shadow. */
  shadow: ShadowRecord.optional(),
  /** With the kind `approval`: the question, and who answered it; null: nobody did in time. */
  answer: z
    .object({
      questionId: Token,
      userId: Token.nullable(),
      /** All who agreed, where several must. */
      by: z.array(Token).max(16).optional(),
      /** The last of them changed the arguments: what runs is what they made of it. */
      edited: z.literal(true).optional(),
    })
    .optional(),
  /** What the call takes of quotas; of the kind `quota`: the one that has no room for it. Absent: none speaks of it. */
  quotas: z.array(QuotaTaken).max(64).optional(),
});
export type DecisionRecord = z.infer<typeof DecisionRecord>;
