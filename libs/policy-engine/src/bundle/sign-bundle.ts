import { sign } from 'node:crypto';
import { PolicyBundleV1, type SignedBundleV1, Token } from '@signalbox/contracts';
import { canonicalJson, MeshError, sha256Hex, validate } from '@signalbox/kernel';
import { type KeyInput, privateEd25519 } from './ed25519.js';

/** Largest payload of a bundle, characters; the bound of the contract. */
export const BUNDLE_CHARS_MAX = 900_000;

/**
 * Signs a bundle: canonical JSON, its SHA-256 and an Ed25519 signature over its UTF-8 bytes.
 * Throws REQUEST_INVALID when the bundle does not match its schema, PAYLOAD_TOO_LARGE when it is longer than a bundle may be.
 */
export function signBundle(bundle: PolicyBundleV1, privateKey: KeyInput, keyId: string): SignedBundleV1 {
  const payload = canonicalJson(validate(PolicyBundleV1, bundle));
  if (payload.length > BUNDLE_CHARS_MAX) {
    throw new MeshError('PAYLOAD_TOO_LARGE', `The bundle is longer than ${BUNDLE_CHARS_MAX} characters.`, {
      details: { chars: payload.length, charsMax: BUNDLE_CHARS_MAX },
    });
  }
  return {
    payload,
    hash: sha256Hex(payload),
    keyId: validate(Token, keyId),
    signature: sign(null, Buffer.from(payload), privateEd25519(privateKey)).toString('base64url'),
  };
}
