import { createHmac } from 'node:crypto';
import { type DataClass, PII_CLASSES } from '@signalbox/contracts';
import { canonicalValue } from './canonical-value.js';

/** At rest: `[[EMAIL:<20 of a-z2-7>]]`, a hundred bits of HMAC. Global; clone before you keep `lastIndex`. */
export const TOKEN_PATTERN = /\[\[[A-Z][A-Z0-9_]{1,23}:[a-z2-7]{20}\]\]/g;
/** In one model context: `[EMAIL_1]`. */
export const RENDERING_PATTERN = new RegExp(
  String.raw`\[(?:${PII_CLASSES.join('|')}|X_[A-Z0-9_]{1,22})_[1-9][0-9]{0,5}\]`,
  'g',
);

const TOKEN_PARTS = /^\[\[([A-Z][A-Z0-9_]{1,23}):([a-z2-7]{20})\]\]$/;
const TOKEN_CHARS = 20;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

export interface TokenParts {
  class: string;
  id: string;
}

/** Reads one whole token; `undefined` for anything else. */
export function parseToken(text: string): TokenParts | undefined {
  const [, name, id] = TOKEN_PARTS.exec(text) ?? [];
  return name !== undefined && id !== undefined ? { class: name, id } : undefined;
}

/** The tokens in a text, in order, repeats included. */
export function findTokens(text: string): string[] {
  return text.match(TOKEN_PATTERN) ?? [];
}

/** The same value has the same token wherever the tenant meets it; without the key nobody can guess back. */
export function tokenFor(tenantKey: Uint8Array, dataClass: DataClass, value: string): string {
  return `[[${dataClass}:${macOf(tenantKey, '', dataClass, value)}]]`;
}

/** Stands for a value that is kept nowhere: what has the same hash is the same, and there is no way back. */
export function hashFor(tenantKey: Uint8Array, dataClass: DataClass, value: string): string {
  return `[[${dataClass}#${macOf(tenantKey, 'hash\0', dataClass, value)}]]`;
}

/** Stands for any value of a class, with no way back. */
export function maskOf(dataClass: DataClass): string {
  return `[[${dataClass}]]`;
}

function macOf(tenantKey: Uint8Array, purpose: string, dataClass: DataClass, value: string): string {
  const text = `${purpose}${dataClass}\0${canonicalValue(dataClass, value)}`;
  return base32(createHmac('sha256', tenantKey).update(text).digest());
}

/** RFC 4648 alphabet in lower case, first 100 bits. */
function base32(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5 && out.length < TOKEN_CHARS) {
      bits -= 5;
      out += BASE32[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return out;
}

/** Takes the meaning from text that imitates a token or rendering: `[EMAIL_1]` becomes `(EMAIL_1)`, for all to see. */
export function neutralise(lookalike: string): string {
  return lookalike.replaceAll('[', '(').replaceAll(']', ')');
}
