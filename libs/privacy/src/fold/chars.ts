/** Kinds of UTF-16 units of folded, lower-case text; out of range (NaN) is none of them. */
const LETTER_OR_DIGIT = /^[\p{L}\p{N}]$/u;
const UNKNOWN = 0;
const OTHER = 1;
const WORD = 2;
const kinds = new Uint8Array(0x10000);

export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

export function isAsciiLetter(unit: number): boolean {
  return unit >= 0x61 && unit <= 0x7a;
}

/** A letter or digit of any script of the basic plane. */
export function isWord(unit: number): boolean {
  if (unit < 0x80) return isDigit(unit) || isAsciiLetter(unit);
  if (Number.isNaN(unit)) return false;
  if (kinds[unit] === UNKNOWN) kinds[unit] = LETTER_OR_DIGIT.test(String.fromCharCode(unit)) ? WORD : OTHER;
  return kinds[unit] === WORD;
}
