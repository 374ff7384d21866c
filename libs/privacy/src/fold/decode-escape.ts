/** What an escape in the text stands for: `length` characters of it spell `codePoint`. */
export interface Escape {
  codePoint: number;
  length: number;
}

const HEX_PAIR = /^[0-9a-f]{2}$/i;
const HEX_QUAD = /^[0-9a-f]{4}$/i;
const HEX_SO_FAR = /^[0-9a-f]*$/i;
const SHORT: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '/': '/', '\\': '\\' };

/**
 * Reads the percent escape (RFC 3986, UTF-8) or JSON escape (RFC 8259) that starts at `at`.
 * `undefined` if there is none; `'more'` if what follows the end of the text decides.
 */
export function decodeEscape(text: string, at: number): Escape | 'more' | undefined {
  return text[at] === '%' ? decodePercent(text, at) : decodeBackslash(text, at);
}

function decodePercent(text: string, at: number): Escape | 'more' | undefined {
  const lead = percentByte(text, at);
  if (typeof lead !== 'number') return lead;
  const bytes = [lead];
  const length = utf8Length(lead);
  while (bytes.length < length) {
    const next = percentByte(text, at + 3 * bytes.length);
    if (typeof next !== 'number') return next;
    bytes.push(next);
  }
  const decoded = utf8(bytes);
  return decoded === undefined ? undefined : { codePoint: decoded, length: 3 * length };
}

function percentByte(text: string, at: number): number | 'more' | undefined {
  const triplet = text.slice(at, at + 3);
  if (triplet.length === 3) {
    return triplet[0] === '%' && HEX_PAIR.test(triplet.slice(1)) ? Number.parseInt(triplet.slice(1), 16) : undefined;
  }
  return triplet === '' || (triplet[0] === '%' && HEX_SO_FAR.test(triplet.slice(1))) ? 'more' : undefined;
}

function utf8Length(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

function utf8(bytes: number[]): number | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes)).codePointAt(0);
  } catch {
    return undefined;
  }
}

function decodeBackslash(text: string, at: number): Escape | 'more' | undefined {
  const kind = text[at + 1];
  if (kind === undefined) return 'more';
  const short = SHORT[kind];
  if (short !== undefined) return { codePoint: short.charCodeAt(0), length: 2 };
  if (kind !== 'u') return undefined;
  const hex = text.slice(at + 2, at + 6);
  if (HEX_QUAD.test(hex)) return { codePoint: Number.parseInt(hex, 16), length: 6 };
  return hex.length < 4 && HEX_SO_FAR.test(hex) ? 'more' : undefined;
}
