import { AdminGrants, TenantId } from '@signalbox/contracts';
import { z } from 'zod';

const DAY_MS = 86_400_000;
/** Nobody remembers a key for longer. */
export const KEY_LIFE_MS_MAX = 366 * DAY_MS;
export const KEY_LIFE_MS = 90 * DAY_MS;
const OVERLAP_MS_MAX = 7 * DAY_MS;
const NAMED_TENANTS_MAX = 50;

const Grants = AdminGrants.min(1).refine(
  (grants) => namedTenants(grants).length <= NAMED_TENANTS_MAX,
  `may name ${NAMED_TENANTS_MAX} tenants; for more use "*"`,
);

/** What is said of an admin key when it is made or changed. */
export const AdminKeyBody = z.object({
  /** For people to read. */
  name: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[^\p{C}]*$/u, 'must be plain text'),
  grants: Grants,
  /** Milliseconds since 1970, at most 366 days ahead. Default when it is made: 90 days; when it is changed: as it was. */
  expiresAt: z.number().int().min(0).optional(),
});
export type AdminKeyBody = z.infer<typeof AdminKeyBody>;

/** How long the old text works beside the new one, ms. */
export const Rotation = z.object({ overlapMs: z.number().int().min(0).max(OVERLAP_MS_MAX).default(DAY_MS) });

export interface AdminKey {
  id: string;
  name: string;
  grants: AdminGrants;
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
  /** To the minute. */
  lastUsedAt: Date | null;
  /** Until when the text before the last rotation works too. */
  previousUntil: Date | null;
  revision: number;
}
type AdminGrants = z.infer<typeof AdminGrants>;

export function namedTenants(grants: AdminGrants): string[] {
  const named = grants.flatMap(({ tenants }) => (tenants === '*' ? [] : tenants));
  return [...new Set(named)].toSorted();
}

const time = (at: Date | null): string | null => at?.toISOString() ?? null;

/** A key as the API shows it. */
export const keyView = ({ createdAt, expiresAt, lastUsedAt, previousUntil, ...key }: AdminKey) => ({
  ...key,
  createdAt: time(createdAt),
  expiresAt: time(expiresAt),
  lastUsedAt: time(lastUsedAt),
  previousUntil: time(previousUntil),
});
export type KeyView = ReturnType<typeof keyView>;

/** What a log may tell of a key: to a tenant only what it grants there. */
export function loggedKey({ id, name, grants, expiresAt }: AdminKey, tenant?: string): object {
  const there = grants.filter(({ tenants }) => tenants !== '*' && tenants.includes(tenant ?? ''));
  const told = tenant === undefined ? grants : there.map(({ role }) => ({ role, tenants: [TenantId.parse(tenant)] }));
  return { id, name, grants: told, expiresAt: time(expiresAt) };
}
