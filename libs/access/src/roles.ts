import type { AdminGrant, AdminRole, AdminPrincipal } from '@signalbox/contracts';

/** The roles that hold what a role may do. */
const HOLDERS: Record<AdminRole, readonly AdminRole[]> = {
  reader: ['reader', 'approver', 'author', 'admin'],
  approver: ['approver', 'admin'],
  author: ['author', 'admin'],
  admin: ['admin'],
};

type Grants = Pick<AdminPrincipal, 'grants'>;

const holding = ({ grants }: Grants, role: AdminRole): AdminGrant[] =>
  grants.filter((grant) => HOLDERS[role].includes(grant.role));

/** Whether the caller has the role in this tenant. */
export function mayIn(caller: Grants, role: AdminRole, tenant: string): boolean {
  return holding(caller, role).some(({ tenants }) => tenants === '*' || tenants.includes(tenant));
}

/** Whether the caller has the role in every tenant there is and will be. */
export function mayEverywhere(caller: Grants, role: AdminRole): boolean {
  return holding(caller, role).some(({ tenants }) => tenants === '*');
}

/** Whether the caller has the role in any tenant. */
export function maySomewhere(caller: Grants, role: AdminRole): boolean {
  return holding(caller, role).length > 0;
}

/** The tenants in which the caller has the role. */
export function tenantsOf(caller: Grants, role: AdminRole): '*' | ReadonlySet<string> {
  if (mayEverywhere(caller, role)) return '*';
  return new Set(holding(caller, role).flatMap(({ tenants }) => tenants));
}

/** Whether everything that `grants` allow is the caller's to give: nobody hands out more than they have as admin. */
export function mayGive(caller: Grants, grants: readonly AdminGrant[]): boolean {
  const own = tenantsOf(caller, 'admin');
  return grants.every(({ tenants }) => own === '*' || (tenants !== '*' && tenants.every((tenant) => own.has(tenant))));
}
