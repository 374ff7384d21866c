import { createHash } from 'node:crypto';
import { base32 } from '@signalbox/contracts';

const ID_CHARS = 26;

/** A user's id: always the same, and it tells neither name nor address. */
export function userIdOf(issuer: string, subject: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest();
  return `user_${base32(digest, ID_CHARS)}`;
}
