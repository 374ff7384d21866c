import type { ApprovalTerms } from '@signalbox/contracts';

/**
 * The terms that hold where several ask for approval: who may approve by one but not by another may not, and the shortest
 * time counts. Null: nobody is left who may.
 */
export function allTerms(terms: readonly ApprovalTerms[]): ApprovalTerms | null {
  const lists = terms.flatMap(({ approvers }) => (approvers ? [approvers] : []));
  const approvers = lists.reduce<string[] | undefined>(
    (some, list) => (some === undefined ? list : some.filter((user) => list.includes(user))),
    undefined,
  );
  if (approvers?.length === 0) return null;
  const withinMs = Math.min(...terms.map((one) => one.withinMs));
  return { withinMs, ...(approvers === undefined ? {} : { approvers }) };
}
