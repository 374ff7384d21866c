import { isAsciiLetter, isDigit, isWord } from '../fold/chars.js';
import type { Candidate, Recogniser } from '../recogniser.js';

/** Length per country, from the SWIFT IBAN registry (ISO 13616). */
const LENGTHS = new Map<string, number>(
  [
    'no15 be16 dk18 fi18 fo18 gl18 nl18 sd18 fk18 mk19 si19 at20 ba20 ee20 kz20 lt20 lu20 mn20 xk20',
    'ch21 cr21 hr21 li21 lv21 bg22 bh22 de22 gb22 ge22 ie22 me22 rs22 va22 ae23 gi23 il23 iq23 om23 so23 tl23',
    'ad24 cz24 es24 md24 pk24 ro24 sa24 se24 sk24 tn24 vg24 ly25 pt25 st25 is26 tr26',
    'bi27 dj27 fr27 gr27 it27 mc27 mr27 sm27 al28 az28 by28 cy28 do28 gt28 hn28 hu28 lb28 ni28 pl28 sv28',
    'br29 eg29 ps29 qa29 ua29 jo30 kw30 mu30 ye30 mt31 sc31 lc32 ru33',
  ]
    .join(' ')
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);
const REACH = 72;
/** The country with the fewest digits has seven. */
const DIGITS_MIN = 7;
const SEPARATORS = ' -.';
const CUE = /iban\W{0,4}(?:is|ist|nr|no|number)?\W{0,4}$/;

/** IBANs in any case and spacing: length of their country and ISO 7064 mod 97; after the cue "IBAN" mistyped ones too. */
export const ibanRecogniser: Recogniser = {
  id: 'iban',
  class: 'IBAN',
  tier: 1,
  reach: REACH,
  next({ lower }, from, limit) {
    for (let start = from; start < limit; start += 1) {
      const found = read(lower, start, limit);
      if (typeof found === 'object') return found;
    }
    return undefined;
  },
  openFrom({ lower }, end) {
    for (let start = Math.max(0, end - REACH); start < end; start += 1) {
      const found = read(lower, start, lower.length);
      if (found === 'open') return start;
      if (found && (found.end > end || found.end === lower.length)) return start;
    }
    return end;
  },
};

/** The IBAN that starts here; `'open'` if `limit` came before its last character. */
function read(lower: string, start: number, limit: number): Candidate | 'open' | undefined {
  if (!isAsciiLetter(lower.charCodeAt(start)) || isWord(lower.charCodeAt(start - 1))) return undefined;
  let iban = '';
  let digits = 0;
  let length = 34;
  let at = start;
  while (iban.length < length) {
    if (at >= limit) return 'open';
    const unit = lower.charCodeAt(at);
    if (!isAsciiLetter(unit) && !isDigit(unit)) {
      // One separator between two characters, but none inside the country code.
      if (iban.length < 2 || !SEPARATORS.includes(lower[at] ?? '') || !isWord(lower.charCodeAt(at - 1)))
        return undefined;
      at += 1;
      continue;
    }
    if (!fits(iban.length, unit)) return undefined;
    iban += lower[at];
    digits += isDigit(unit) ? 1 : 0;
    at += 1;
    if (iban.length === 2) {
      const known = LENGTHS.get(iban);
      if (known === undefined) return undefined;
      length = known;
    }
  }
  if (isWord(lower.charCodeAt(at)) || digits < DIGITS_MIN) return undefined;
  if (mod97(iban) !== 1 && !CUE.test(lower.slice(Math.max(0, start - 24), start))) return undefined;
  return { start, end: at };
}

/** Two letters, two check digits, then either. */
function fits(position: number, unit: number): boolean {
  if (position < 2) return isAsciiLetter(unit);
  return position >= 4 || isDigit(unit);
}

function mod97(iban: string): number {
  let rest = 0;
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
