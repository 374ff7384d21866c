import { TenantId } from '@signalbox/contracts';
import { MeshError, sha256Hex } from '@signalbox/kernel';
import type { Caller } from './mesh.port.js';

const BEARER = /^Bearer (sb_([a-z][a-z0-9-]{0,31})_[A-Za-z0-9_-]{20,128})$/;

/**
 * The caller that an `Authorization` header names. Keys read `sb_<tenant>_<secret>`; whether one is good,
 * only the guard can say. KEY_MISSING without a header, KEY_INVALID for anything that is no key.
 */
export function callerOf(authorization: string | undefined): Caller {
  if (!authorization) {
    throw new MeshError('KEY_MISSING', 'Send your key as `Authorization: Bearer sb_…`.');
  }
  const match = BEARER.exec(authorization);
  const tenant = TenantId.safeParse(match?.[2]);
  if (!match || !tenant.success) throw new MeshError('KEY_INVALID', 'The key is not of the form sb_<tenant>_<secret>.');
  return { tenant: tenant.data, keyDigest: sha256Hex(match[1]!) };
}
