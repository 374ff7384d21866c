import { randomBytes } from 'node:crypto';
import { base32, requestIdFrom } from '@signalbox/contracts';

/** A fresh request id, sortable by time. */
export function newRequestId(nowMs: number = Date.now()): string {
  return requestIdFrom(nowMs, randomBytes(10));
}

/** A fresh id `<prefix>_<26 characters>`, sortable by time. */
export function newId(prefix: string, nowMs: number = Date.now()): string {
  return prefix + newRequestId(nowMs).slice('req'.length);
}

/** `bytes` of randomness as text for keys and secrets, base 32. */
export function randomToken(bytes = 32): string {
  return base32(randomBytes(bytes), Math.floor((bytes * 8) / 5));
}
