import { createPrivateKey, createPublicKey, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';
import { MeshError } from '@signalbox/kernel';

const KEY_BYTES = 32;

/** Raw X25519 halves (RFC 7748), base64url. */
export interface VaultKeyPair {
  publicKey: string;
  privateKey: string;
}

export function generateVaultKeys(): VaultKeyPair {
  const { privateKey } = generateKeyPairSync('x25519');
  const { x, d } = privateKey.export({ format: 'jwk' });
  if (x === undefined || d === undefined)
    throw new MeshError('INTERNAL', 'The runtime exported an X25519 key without its halves.');
  return { publicKey: x, privateKey: d };
}

/** The key that makes a tenant's pseudonyms, 32 bytes; the same in every guard that holds the master key. */
export function tenantPseudonymKey(masterKey: Uint8Array, tenant: string): Buffer {
  return derive(masterKey, 'signalbox pseudonym v1', tenant);
}

/** The key under which a tenant's values rest, 32 bytes. */
export function tenantValueKey(masterKey: Uint8Array, tenant: string): Buffer {
  return derive(masterKey, 'signalbox vault value v1', tenant);
}

/** Every text that is cleaned needs its tenant's key, and deriving it takes as long as cleaning a short one. */
const derived = new WeakMap<Uint8Array, Map<string, Buffer>>();
/** Keys kept by master key; the oldest is derived again. */
const DERIVED_MAX = 2_048;

/** Not to be written to: the same bytes are given to everybody. */
function derive(masterKey: Uint8Array, purpose: string, tenant: string): Buffer {
  const keys = derived.get(masterKey) ?? new Map<string, Buffer>();
  derived.set(masterKey, keys);
  const info = `${purpose}\0${tenant}`;
  const known = keys.get(info);
  if (known !== undefined) return known;
  const key = hkdf(masterKey, info);
  const [oldest] = keys.keys();
  if (keys.size >= DERIVED_MAX && oldest !== undefined) keys.delete(oldest);
  keys.set(info, key);
  return key;
}

/** HKDF-SHA256 (RFC 5869). CONFIG_INVALID if the master key is not 32 bytes. */
function hkdf(masterKey: Uint8Array, info: string): Buffer {
  if (masterKey.length !== KEY_BYTES) {
    throw new MeshError(
      'CONFIG_INVALID',
      `The vault master key has ${masterKey.length} bytes; it must have ${KEY_BYTES}.`,
    );
  }
  return Buffer.from(hkdfSync('sha256', masterKey, '', info, KEY_BYTES));
}

export function publicKeyOf(raw: string): KeyObject {
  return readKey(() => createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: raw }, format: 'jwk' }));
}

/** The public half is part of the format, so it comes with the private one. */
export function privateKeyOf(keys: VaultKeyPair): KeyObject {
  const key = { kty: 'OKP', crv: 'X25519', x: keys.publicKey, d: keys.privateKey };
  return readKey(() => createPrivateKey({ key, format: 'jwk' }));
}

function readKey(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    // The cause would quote the key.
    throw new MeshError('CONFIG_INVALID', 'A vault key is not a raw X25519 key in base64url.');
  }
}
