import type { ApprovalTerms, Delegation, Quota, Residency } from '@signalbox/contracts';
import { DELEGATION_MS_MAX } from '@signalbox/contracts';
import { isSoundPointer } from '@signalbox/kernel';
import type { TenantPolicy } from '../storage/policy.repository.js';

type Fault = [field: string, message: string];

/** What of a quota could never count, or would count for ever. */
export function quotaFaults({ per, windowMs, sum }: Quota): Fault[] {
  return [
    ...(windowMs === undefined && per !== 'run'
      ? [['windowMs', 'must be there, unless it is per run: runs alone come to an end'] satisfies Fault]
      : []),
    ...(sum !== undefined && !isSoundPointer(sum) ? [['sum', 'must be a JSON pointer'] satisfies Fault] : []),
  ];
}

export function delegationFaults({ from, to, startsAt, endsAt }: Delegation): Fault[] {
  const faults: Fault[] = from === to ? [['to', 'must be another user than from']] : [];
  if (endsAt <= startsAt) faults.push(['endsAt', 'must be after startsAt']);
  if (endsAt - startsAt > DELEGATION_MS_MAX) faults.push(['endsAt', 'must be within 90 days of startsAt']);
  return faults;
}

/** Terms under which nobody, or too few, could ever approve. */
export function termsFaults({ approvers, roles, quorum = 1 }: ApprovalTerms): Fault[] {
  if (quorum === 1 || roles !== undefined) return [];
  const users = new Set(approvers).size;
  if (approvers === undefined)
    return [['approval.quorum', 'asks for several people, so approvers or roles must name them']];
  return users < quorum ? [['approval.quorum', `asks for ${quorum} people, and approvers names ${users}`]] : [];
}

/** The quotas, delegations and residencies that name an agent or a tool. */
export function governanceNaming(
  kind: 'agents' | 'tools',
  id: string,
  { quotas, delegations, residencies }: Pick<TenantPolicy, 'quotas' | 'delegations' | 'residencies'>,
): string[] {
  const names = (scope: Residency['agents']): boolean => scope !== '*' && scope.includes(id);
  const found = quotas.filter((quota) => names(quota[kind])).map((quota) => `quotas/${quota.id}`);
  if (kind === 'tools')
    return [...found, ...delegations.filter(({ tools }) => names(tools)).map((one) => `delegations/${one.id}`)];
  return [...found, ...residencies.filter(({ agents }) => names(agents)).map((one) => `residencies/${one.id}`)];
}
