import type { ApprovalTerms } from '@signalbox/contracts';

/**
 * The terms that hold where several ask for approval: who may approve by one but not by another may not, the shortest
 * time and the largest number of people count. Null: nobody is left who may.
 */
export function allTerms(terms: readonly ApprovalTerms[]): ApprovalTerms | null {
  const named = terms.filter(({ approvers, roles }) => approvers !== undefined || roles !== undefined);
  const who = named.some(({ roles, and }) => roles !== undefined || and !== undefined) ? each(named) : shared(named);
  if (who === null) return null;
  const withinMs = Math.min(...terms.map((one) => one.withinMs));
  const quorum = Math.max(...terms.map((one) => one.quorum ?? 1));
  if (who.approvers !== undefined && who.roles === undefined && who.approvers.length < quorum) return null;
  return { withinMs, ...who, ...(quorum > 1 ? { quorum } : {}), ...starterIn(terms) };
}

type Who = Pick<ApprovalTerms, 'approvers' | 'roles' | 'and'>;

/** Where users alone are named: those whom all name. */
function shared(named: readonly ApprovalTerms[]): Who | null {
  const [first, ...others] = named.map(({ approvers = [] }) => approvers);
  if (first === undefined) return {};
  const approvers = first.filter((user) => others.every((list) => list.includes(user)));
  return approvers.length === 0 ? null : { approvers };
}

/** Where roles are named: who has them is seen when somebody answers. */
function each(named: readonly ApprovalTerms[]): Who {
  const groups = named.flatMap(({ approvers, roles, and = [] }) => [{ approvers, roles }, ...and]);
  const kept = groups.map(({ approvers, roles }) => ({
    ...(approvers === undefined ? {} : { approvers }),
    ...(roles === undefined ? {} : { roles }),
  }));
  const [first, ...and] = kept;
  return { ...first, ...(and.length > 0 ? { and } : {}) };
}

/** One that keeps out whoever started the run keeps them out; they are let in where all let them in. */
function starterIn(terms: readonly ApprovalTerms[]): Pick<ApprovalTerms, 'starter'> {
  if (terms.some(({ starter }) => starter === false)) return { starter: false };
  return terms.every(({ starter }) => starter === true) ? { starter: true } : {};
}
