import { ApprovalTerms } from '@signalbox/contracts';
import { type Json, Unsupported } from './policy-json.js';

const ROLE = 'role:';
const STARTER: Record<string, boolean> = { yes: true, no: false };
const UNITS_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const OTHERS = ['within', 'quorum', 'starter'] as const;

/**
 * What `@approve("ann, bob, role:accounting")`, `@within("15m")`, `@quorum("2")` and `@starter("no")` ask for: the policy
 * permits once so many of them, or without names whoever started the run, agree to exactly this call. Null: a policy
 * without them. Throws Unsupported.
 */
export function approvalOf(notes: Json, effect: 'permit' | 'forbid'): ApprovalTerms | null {
  const { approve, within, quorum, starter } = notes;
  if (approve === undefined) {
    const lonely = OTHERS.find((name) => notes[name] !== undefined);
    if (lonely !== undefined) throw new Unsupported(`@${lonely} belongs to @approve`);
    return null;
  }
  if (effect !== 'permit') throw new Unsupported('@approve belongs to a permit');
  const names = textOf(approve)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const roles = names.filter((name) => name.startsWith(ROLE)).map((name) => name.slice(ROLE.length));
  const approvers = names.filter((name) => !name.startsWith(ROLE));
  const terms = ApprovalTerms.safeParse({
    ...(approvers.length > 0 ? { approvers } : {}),
    ...(roles.length > 0 ? { roles } : {}),
    ...(within === undefined ? {} : { withinMs: millisOf(textOf(within)) }),
    ...(quorum === undefined ? {} : { quorum: /^\d{1,2}$/.test(textOf(quorum)) ? Number(quorum) : Number.NaN }),
    ...(starter === undefined ? {} : { starter: STARTER[textOf(starter)] ?? textOf(starter) }),
  });
  if (!terms.success)
    throw new Unsupported(
      '@approve takes user ids and role:<role> by comma, @within a time such as "90s", "15m", "2h" or "7d", @quorum a number from 1 to 16, @starter "yes" or "no"',
    );
  const { quorum: wanted = 1 } = terms.data;
  if (wanted > 1 && roles.length === 0 && new Set(approvers).size < wanted)
    throw new Unsupported('@quorum asks for more people than @approve names');
  return terms.data;
}

/** An annotation without a value is null. */
const textOf = (annotation: unknown): string => (typeof annotation === 'string' ? annotation : '');

/** Not a number where it is none. */
function millisOf(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return Number(count) * (UNITS_MS[unit ?? ''] ?? Number.NaN);
}
