import { createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync } from 'node:crypto';
import { DataClass } from '@signalbox/contracts';
import { decrypt, encrypt, unreadable } from './box.js';
import { privateKeyOf, publicKeyOf, tenantValueKey, type VaultKeyPair } from './keys.js';

/** Whose value it is. Both are bound to the ciphertext. */
export interface VaultAddress {
  tenant: string;
  token: string;
}

export interface VaultItem extends VaultAddress {
  class: DataClass;
  value: string;
}

const VERSION = 1;
const POINT_BYTES = 32;

/**
 * Seals a value so that only the holder of the vault's private key reads it: X25519 with a fresh key,
 * HKDF-SHA256, AES-256-GCM. Returns base64url of version, fresh public key, nonce, ciphertext, tag.
 */
export function sealForVault(publicKey: string, item: VaultItem): string {
  const text = JSON.stringify({ class: item.class, value: item.value });
  return seal(publicKey, text, addressed('seal', item));
}

/** SEAL_INVALID unless it was sealed for these keys, this tenant and this token. */
export function openFromVault(keys: VaultKeyPair, address: VaultAddress, sealed: string): VaultItem {
  const plain = JSON.parse(unseal(keys, sealed, addressed('seal', address))) as VaultItem;
  return {
    tenant: address.tenant,
    token: address.token,
    class: DataClass.parse(plain.class),
    value: String(plain.value),
  };
}

/** Seals a whole text in the same way, for the guard's eyes; `token` names what it is of. */
export function sealText(publicKey: string, address: VaultAddress, text: string): string {
  return seal(publicKey, text, addressed('text', address));
}

/** SEAL_INVALID unless it was sealed for these keys, this tenant and this name. */
export function openText(keys: VaultKeyPair, address: VaultAddress, sealed: string): string {
  return unseal(keys, sealed, addressed('text', address));
}

function seal(publicKey: string, text: string, context: string): string {
  const fresh = generateKeyPairSync('x25519');
  const point = Buffer.from(fresh.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const shared = diffieHellman({ privateKey: fresh.privateKey, publicKey: publicKeyOf(publicKey) });
  const body = encrypt(sealKey(shared, point, publicKey), text, context);
  return Buffer.concat([Buffer.of(VERSION), point, body]).toString('base64url');
}

function unseal(keys: VaultKeyPair, sealed: string, context: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes[0] !== VERSION || bytes.length <= 1 + POINT_BYTES) throw unreadable();
  const point = bytes.subarray(1, 1 + POINT_BYTES);
  const key = sealKey(agree(privateKeyOf(keys), point), point, keys.publicKey);
  return decrypt(key, bytes.subarray(1 + POINT_BYTES), context);
}

/** For the store: under the tenant's key, derived from the 32 bytes of the master key. Returns base64url. */
export function encryptValue(
  masterKey: Uint8Array,
  { tenant, token, value }: VaultAddress & { value: string },
): string {
  return encrypt(tenantValueKey(masterKey, tenant), value, addressed('value', { tenant, token })).toString('base64url');
}

/** SEAL_INVALID unless it was encrypted for this tenant and token. */
export function decryptValue(masterKey: Uint8Array, address: VaultAddress, encrypted: string): string {
  const key = tenantValueKey(masterKey, address.tenant);
  return decrypt(key, Buffer.from(encrypted, 'base64url'), addressed('value', address));
}

function agree(privateKey: ReturnType<typeof privateKeyOf>, point: Buffer): Buffer {
  try {
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'X25519', x: point.toString('base64url') },
      format: 'jwk',
    });
    return diffieHellman({ privateKey, publicKey });
  } catch {
    // A point of low order, or none at all.
    throw unreadable();
  }
}

function sealKey(shared: Buffer, point: Buffer, publicKey: string): Buffer {
  const salt = Buffer.concat([point, Buffer.from(publicKey, 'base64url')]);
  return Buffer.from(hkdfSync('sha256', shared, salt, 'signalbox vault seal v1', 32));
}

/** Neither part can hold a zero character, so the pair is unambiguous. */
function addressed(purpose: string, { tenant, token }: VaultAddress): string {
  return `${purpose}\0${tenant}\0${token}`;
}
