import { createHmac, randomBytes } from 'node:crypto';
import { decrypt, encrypt } from './box.js';
import type { VaultAddress } from './seal.js';

const KEY_BYTES = 32;
const ID_CHARS = 16;

/** A new AES-256 key. */
export function newDataKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** Names a key without telling anything of it: sixteen of 0-9 a-f. */
export function keyIdOf(key: Uint8Array): string {
  return createHmac('sha256', key).update('signalbox key id v1').digest('hex').slice(0, ID_CHARS);
}

/** A key under another, bound to what it is for: AES-256-GCM, base64url. */
export function wrapKey(by: Uint8Array, key: Uint8Array, purpose: readonly string[]): string {
  return encrypt(by, Buffer.from(key).toString('base64url'), contextOf('key', purpose)).toString('base64url');
}

/** SEAL_INVALID unless it was wrapped by this key for this purpose. */
export function unwrapKey(by: Uint8Array, wrapped: string, purpose: readonly string[]): Buffer {
  return Buffer.from(decrypt(by, Buffer.from(wrapped, 'base64url'), contextOf('key', purpose)), 'base64url');
}

/** A value under the key of the subject who brought it in, bound to tenant and token: AES-256-GCM, base64url. */
export function encryptUnder(key: Uint8Array, { tenant, token, value }: VaultAddress & { value: string }): string {
  return encrypt(key, value, contextOf('subject value', [tenant, token])).toString('base64url');
}

/** SEAL_INVALID unless it was encrypted by this key for this tenant and token. */
export function decryptUnder(key: Uint8Array, { tenant, token }: VaultAddress, encrypted: string): string {
  return decrypt(key, Buffer.from(encrypted, 'base64url'), contextOf('subject value', [tenant, token]));
}

/** No part can hold a zero character, so the whole is unambiguous. */
function contextOf(kind: string, parts: readonly string[]): string {
  return [kind, ...parts].join('\0');
}
