import { createHash } from 'node:crypto';

/** What of a bearer key travels: its SHA-256 in hex, never the key itself. */
export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
