import { createPrivateKey, createPublicKey, KeyObject } from 'node:crypto';
import { MeshError } from '@signalbox/kernel';

/** A key as PEM text (PKCS8 private, SPKI public) or as a key object. */
export type KeyInput = string | KeyObject;

export function privateEd25519(key: KeyInput): KeyObject {
  return ed25519(() => (key instanceof KeyObject ? key : createPrivateKey(key)), 'private');
}

export function publicEd25519(key: KeyInput): KeyObject {
  return ed25519(() => (key instanceof KeyObject ? key : createPublicKey(key)), 'public');
}

function ed25519(read: () => KeyObject, half: 'private' | 'public'): KeyObject {
  try {
    const key = read();
    if (key.asymmetricKeyType === 'ed25519' && key.type === half) return key;
  } catch {
    // The parser's own words may quote the key, so they are not passed on.
  }
  throw new MeshError('CONFIG_INVALID', `The bundle signing key is not a ${half} Ed25519 key in PEM.`);
}
