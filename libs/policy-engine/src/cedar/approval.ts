import { ApprovalTerms } from '@signalbox/contracts';
import { type Json, Unsupported } from './policy-json.js';

const UNITS_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * What `@approve("ann, bob")` and `@within("15m")` ask for: the policy permits once one of them, or without names whoever
 * started the run, agrees to exactly this call. Null: a policy without them. Throws Unsupported.
 */
export function approvalOf({ approve, within }: Json, effect: 'permit' | 'forbid'): ApprovalTerms | null {
  if (approve === undefined && within === undefined) return null;
  if (approve === undefined) throw new Unsupported('@within belongs to @approve');
  if (effect !== 'permit') throw new Unsupported('@approve belongs to a permit');
  const names = textOf(approve).split(',');
  const approvers = names.map((name) => name.trim()).filter((name) => name !== '');
  const terms = ApprovalTerms.safeParse({
    ...(approvers.length > 0 ? { approvers } : {}),
    ...(within === undefined ? {} : { withinMs: millisOf(textOf(within)) }),
  });
  if (terms.success) return terms.data;
  throw new Unsupported('@approve takes user ids by comma, @within a time such as "90s", "15m", "2h" or "7d"');
}

/** An annotation without a value is null. */
const textOf = (annotation: unknown): string => (typeof annotation === 'string' ? annotation : '');

/** Not a number where it is none. */
function millisOf(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return Number(count) * (UNITS_MS[unit ?? ''] ?? Number.NaN);
}
