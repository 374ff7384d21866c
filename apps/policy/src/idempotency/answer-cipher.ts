import { createCipheriv, createDecipheriv, createHmac, type KeyObject, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Closes and opens what is kept of an answer: it may hold the text of a key, which is stored nowhere. What opens it is
 * made of a key file and of the caller's idempotency key, of which only the hash is stored.
 */
export class AnswerCipher {
  constructor(private readonly master: KeyObject) {}

  close(answer: string, principal: string, key: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#keyOf(principal, key), nonce);
    const text = Buffer.concat([cipher.update(answer, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), text]);
  }

  /** Throws when it was altered, or closed under other keys. */
  open(closed: Buffer, principal: string, key: string): string {
    const decipher = createDecipheriv(CIPHER, this.#keyOf(principal, key), closed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(closed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return decipher.update(closed.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  #keyOf(principal: string, key: string): Buffer {
    return createHmac('sha256', this.master)
      .update(JSON.stringify(['kept answers', principal, key]))
      .digest();
  }
}
