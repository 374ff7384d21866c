import { z } from 'zod';
import { TenantId, Token } from '../ids.js';

/** What a caller of the admin APIs may do. Approver and author are both readers; admin is all of them. */
export const ADMIN_ROLES = ['reader', 'approver', 'author', 'admin'] as const;
export const AdminRole = z.enum(ADMIN_ROLES);
export type AdminRole = z.infer<typeof AdminRole>;

const TENANTS_MAX = 1_000;
export const ADMIN_GRANTS_MAX = 16;

/** A role in some tenants, or in all there are and will be. */
export const AdminGrant = z.object({
  role: AdminRole,
  tenants: z.union([z.literal('*'), z.array(TenantId).min(1).max(TENANTS_MAX)]),
});
export type AdminGrant = z.infer<typeof AdminGrant>;
export const AdminGrants = z.array(AdminGrant).max(ADMIN_GRANTS_MAX);

/** Whoever acts through the admin APIs. `service` is Signalbox itself, which never calls over HTTP. */
export const AdminPrincipal = z.object({
  id: Token,
  kind: z.enum(['owner', 'key', 'user', 'service']),
  /** For people to read; free of personal data. */
  name: z.string().max(200),
  grants: AdminGrants,
});
export type AdminPrincipal = z.infer<typeof AdminPrincipal>;
