import { verify } from 'node:crypto';
import { PolicyBundleV1, SignedBundleV1 } from '@signalbox/contracts';
import { canonicalJson, MeshError, sha256Hex } from '@signalbox/kernel';
import { type KeyInput, publicEd25519 } from './ed25519.js';

export interface OpenBundleOptions {
  nowMs: number;
  /** The oldest version that may be in force: the newest that was seen before. */
  floor?: number | undefined;
  /** The tenant that the bundle must be for. */
  tenant?: string | undefined;
}

/** Why a bundle was refused; `details.reason` of BUNDLE_INVALID. */
export type BundleFault = 'format' | 'hash' | 'signature' | 'schema' | 'tenant' | 'expired' | 'rollback' | 'fork';

export function bundleInvalid(reason: BundleFault, message: string, details: Record<string, unknown> = {}): MeshError {
  return new MeshError('BUNDLE_INVALID', message, { details: { reason, ...details } });
}

/**
 * The bundle inside its signature, or BUNDLE_INVALID with `details.reason`. Nothing of the payload is parsed before its
 * hash and a signature of one of the keys hold. `signed` is what lay in the bucket, of any shape.
 */
export function openBundle(
  signed: unknown,
  publicKeys: KeyInput | readonly KeyInput[],
  options: OpenBundleOptions,
): PolicyBundleV1 {
  const keys = [publicKeys].flat().map((key) => publicEd25519(key as KeyInput));
  const { payload } = checkedEnvelope(signed, keys);
  const bundle = parsedPayload(payload);
  const { tenant, version, expiresAt } = bundle;
  if (options.tenant !== undefined && tenant !== options.tenant) {
    throw bundleInvalid('tenant', `The bundle is for tenant ${tenant}, not for ${options.tenant}.`, { tenant });
  }
  if (options.floor !== undefined && version < options.floor) {
    throw bundleInvalid('rollback', `Bundle version ${version} is older than version ${options.floor}, seen before.`, {
      version,
      floor: options.floor,
    });
  }
  assertNotExpired(version, expiresAt, options.nowMs);
  return bundle;
}

export function assertNotExpired(version: number, expiresAt: number, nowMs: number): void {
  if (nowMs < expiresAt) return;
  const at = new Date(Math.min(expiresAt, 8.64e15)).toISOString();
  throw bundleInvalid('expired', `Bundle version ${version} expired at ${at}; policy must publish a new one.`, {
    version,
    expiresAt,
  });
}

function checkedEnvelope(signed: unknown, keys: readonly ReturnType<typeof publicEd25519>[]): SignedBundleV1 {
  const envelope = SignedBundleV1.safeParse(signed);
  if (!envelope.success) throw bundleInvalid('format', 'The bundle is not in its signed form.');
  const { payload, hash, signature } = envelope.data;
  if (sha256Hex(payload) !== hash) throw bundleInvalid('hash', 'The hash of the bundle does not match its payload.');
  const isSignedBy = (key: (typeof keys)[number]): boolean =>
    verify(null, Buffer.from(payload), key, Buffer.from(signature, 'base64url'));
  if (!keys.some(isSignedBy)) {
    throw bundleInvalid('signature', 'The signature of the bundle is not from the policy service.');
  }
  return envelope.data;
}

function parsedPayload(payload: string): PolicyBundleV1 {
  let value: unknown;
  try {
    value = JSON.parse(payload);
    if (canonicalJson(value) !== payload) throw new Error('not canonical');
  } catch {
    throw bundleInvalid('format', 'The payload of the bundle is not canonical JSON.');
  }
  const parsed = PolicyBundleV1.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.slice(0, 8).map((issue) => issue.path.map(String).join('.'));
  throw bundleInvalid('schema', `The bundle does not match its schema at ${fields.join(', ')}.`, { fields });
}
