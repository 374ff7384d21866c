/**
 * Looks for thousands of values at once in all that a mesh writes. It shares no code with the recognisers, since it is
 * what checks them. A text is read as its letters and digits alone, in lower case, after compatibility forms and
 * invisible characters are resolved and escapes are undone; a value also as its base64 at each alignment.
 */

/** Letters and digits of the shortest value; of fewer nobody could say whether they stand there by chance. */
export const NEEDLE_CHARS_MIN = 8;
/** One escape may hide another. */
const UNESCAPE_ROUNDS = 2;
const HASH_BASE = 0x01000193;
const FILTER_BITS = 22;
const HIDDEN = /[\p{Cf}\u034f\ufe00-\ufe0f]+/gu;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

interface Needle {
  id: number;
  codes: Uint16Array;
  /** Digits alone must not be part of a longer number or word. */
  isNumber: boolean;
}

export class NeedleIndex {
  readonly #byHash = new Map<number, Needle[]>();
  readonly #filter = new Uint8Array(1 << FILTER_BITS);
  readonly #outFactor: number;

  constructor() {
    let factor = 1;
    for (let n = 0; n < NEEDLE_CHARS_MIN; n++) factor = Math.imul(factor, HASH_BASE);
    this.#outFactor = factor;
  }

  /** The value as it is written, and in base64. Throws where it has too few letters and digits to be told apart. */
  add(id: number, value: string): void {
    this.#add(id, compact(value).codes, /^[\d\s.()+/-]+$/.test(value));
    for (const form of base64Forms(value)) {
      const { codes } = compact(form);
      if (codes.length > NEEDLE_CHARS_MIN) this.#add(id, codes, false);
    }
  }

  /** Ids of all values that show in the text. */
  find(text: string): Set<number> {
    const found = new Set<number>();
    let layer = text;
    for (let round = 0; ; round++) {
      this.#scan(layer, found);
      const next = round < UNESCAPE_ROUNDS ? unescape(layer) : layer;
      if (next === layer) return found;
      layer = next;
    }
  }

  #add(id: number, codes: Uint16Array, isNumber: boolean): void {
    if (codes.length < NEEDLE_CHARS_MIN)
      throw new Error(`A value of ${codes.length} letters and digits is too short to be looked for.`);
    const hash = hashOf(codes);
    this.#filter[hash >>> (32 - FILTER_BITS)] = 1;
    const known = this.#byHash.get(hash);
    if (known) known.push({ id, codes, isNumber });
    else this.#byHash.set(hash, [{ id, codes, isNumber }]);
  }

  #scan(text: string, found: Set<number>): void {
    const { codes, at, source } = compact(text);
    let hash = 0;
    for (let end = 0; end < codes.length; end++) {
      hash = (Math.imul(hash, HASH_BASE) + codes[end]!) | 0;
      if (end >= NEEDLE_CHARS_MIN) hash = (hash - Math.imul(this.#outFactor, codes[end - NEEDLE_CHARS_MIN]!)) | 0;
      if (end < NEEDLE_CHARS_MIN - 1 || this.#filter[hash >>> (32 - FILTER_BITS)] === 0) continue;
      const start = end - NEEDLE_CHARS_MIN + 1;
      for (const needle of this.#byHash.get(hash) ?? [])
        if (!found.has(needle.id) && isAt(codes, start, needle) && standsAlone(source, at, start, needle))
          found.add(needle.id);
    }
  }
}

function isAt(codes: Uint16Array, start: number, { codes: wanted }: Needle): boolean {
  if (start + wanted.length > codes.length) return false;
  for (let i = 0; i < wanted.length; i++) if (codes[start + i] !== wanted[i]) return false;
  return true;
}

/** A number that is a part of a hash, of a timestamp or of a row of other numbers is not the value. */
function standsAlone(source: string, at: Uint32Array, start: number, { codes, isNumber }: Needle): boolean {
  if (!isNumber) return true;
  const [first, last] = [at[start]!, at[start + codes.length - 1]!];
  const stretch = source.slice(first, last + 1);
  return (
    !/[a-z\d]/i.test(source[first - 1] ?? ' ') &&
    !/[a-z\d]/i.test(source[last + 1] ?? ' ') &&
    !/[^\d\s.()+/-]|[^\d]{4}/.test(stretch)
  );
}

function hashOf(codes: Uint16Array): number {
  let hash = 0;
  for (let i = 0; i < NEEDLE_CHARS_MIN; i++) hash = (Math.imul(hash, HASH_BASE) + codes[i]!) | 0;
  return hash;
}

interface Compact {
  codes: Uint16Array;
  /** Where in `source` each of them stands. */
  at: Uint32Array;
  source: string;
}

function compact(text: string): Compact {
  // eslint-disable-next-line no-control-regex
  const isAscii = /^[\x00-\x7f]*$/.test(text);
  const source = isAscii ? text : text.normalize('NFKC').replace(HIDDEN, '').toLowerCase();
  const codes = new Uint16Array(source.length);
  const at = new Uint32Array(source.length);
  let length = 0;
  for (let i = 0; i < source.length; i++) {
    let code = source.charCodeAt(i);
    if (code < 0x80) {
      if (code >= 0x41 && code <= 0x5a) code += 0x20;
      else if (!((code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39))) continue;
    } else if (!LETTER_OR_DIGIT.test(source[i]!)) continue;
    codes[length] = code;
    at[length++] = i;
  }
  return { codes: codes.subarray(0, length), at: at.subarray(0, length), source };
}

/** The part of a value's base64 that does not depend on its neighbours, at each of the three alignments. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  });
}

/** One round of percent, JSON and HTML escapes. */
function unescape(text: string): string {
  if (!/%[0-9a-f]{2}|\\u[0-9a-f]{4}|&#/i.test(text)) return text;
  return text
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
    .replace(/\\+u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/&#(?:x([0-9a-f]{1,6})|(\d{1,7}));/gi, (all, hex?: string, decimal?: string) => {
      const codePoint = Number.parseInt(hex ?? decimal ?? '', hex === undefined ? 10 : 16);
      return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : all;
    });
}
