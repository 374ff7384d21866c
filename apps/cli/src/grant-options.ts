import { UsageError } from './usage-error.js';

const ROLES = ['reader', 'approver', 'author', 'admin'];

export const GRANT_OPTIONS = {
  role: { type: 'string', multiple: true },
  tenants: { type: 'string' },
} as const;

export interface Grant {
  role: string;
  tenants: '*' | string[];
}

/** `--role r… --tenants a,b|*`: each role in each of the tenants; by default in the one of `--tenant`. */
export function grantsOf(
  values: { role?: string[] | undefined; tenants?: string | undefined },
  tenant: string,
): Grant[] {
  const wrong = (values.role ?? []).find((role) => !ROLES.includes(role));
  if (wrong !== undefined) throw new UsageError(`--role is one of ${ROLES.join(', ')}, not ${wrong}`);
  const named = values.tenants ?? tenant;
  const tenants = named === '*' ? '*' : named.split(',').map((name) => name.trim());
  return (values.role ?? []).map((role) => ({ role, tenants }) as Grant);
}

export const grantText = (grants: readonly { role: string; tenants: string | readonly string[] }[]): string =>
  grants
    .map(({ role, tenants }) => `${role} of ${typeof tenants === 'string' ? 'all' : tenants.join(', ')}`)
    .join('; ');
