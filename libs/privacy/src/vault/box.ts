import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { MeshError } from '@signalbox/kernel';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM: nonce, ciphertext, tag. The nonce is random: one key may seal 2^32 values. */
export function encrypt(key: Uint8Array, plain: string, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** SEAL_INVALID if the bytes were changed, or sealed under another key or context. */
export function decrypt(key: Uint8Array, sealed: Buffer, context: string): string {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw unreadable();
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context, 'utf8')).setAuthTag(sealed.subarray(-TAG_BYTES));
    const body = sealed.subarray(NONCE_BYTES, -TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch {
    throw unreadable();
  }
}

export function unreadable(): MeshError {
  return new MeshError(
    'SEAL_INVALID',
    'A sealed value cannot be opened: wrong key, wrong tenant or token, or changed on the way.',
  );
}
