import type { KeyGrant } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { PolicyStore } from '@signalbox/policy-engine';

/**
 * Who a key is. KEY_INVALID when it is unknown, revoked, expired, or names a tenant that nobody knows; BUNDLE_MISSING
 * while no policy at all has been seen, since then nobody can say.
 */
export function grantOf(policies: PolicyStore, tenant: string, keyDigest: string): KeyGrant {
  const known = policies.tenants();
  if (known.length > 0 && !known.includes(tenant))
    throw new MeshError('KEY_INVALID', 'The key is unknown, revoked or expired.');
  return policies.forTenant(tenant).authenticate(keyDigest, Date.now());
}
