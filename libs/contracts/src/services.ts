/**
 * Every user of the bus, each a process of its own but for the archivist, whose keys the process of audit holds beside
 * its own: it alone may take entries out of journals. The CLI and the simulator are not on the bus.
 */
export const SERVICES = [
  'gateway',
  'guard',
  'router',
  'inference',
  'tool-runner',
  'memory',
  'policy',
  'audit',
  'archivist',
  'provisioner',
] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Trust zones shared by all tenants; each tenant's own systems have an account of their own. */
export const ACCOUNTS = ['GATE', 'CORE'] as const;
export type AccountName = (typeof ACCOUNTS)[number];

/** Which services may log in to which account. The guard alone is in both. */
export const ACCOUNT_SERVICES: Record<AccountName, readonly ServiceName[]> = {
  GATE: ['gateway', 'guard', 'provisioner'],
  CORE: ['guard', 'router', 'inference', 'tool-runner', 'memory', 'policy', 'audit', 'archivist', 'provisioner'],
};

/** The inbox prefix of one user: replies to it are the only replies it can read. */
export function inboxPrefix(user: string): string {
  return `_INBOX_${user.replaceAll('-', '_')}`;
}
