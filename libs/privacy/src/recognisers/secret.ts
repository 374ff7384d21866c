import { isWord } from '../fold/chars.js';
import type { Folded } from '../fold/fold.js';
import type { Candidate, Recogniser } from '../recogniser.js';
import { wordsBefore } from './words-before.js';

/** A key block in PEM (RFC 7468); one of 4096 bits has 3,300 characters. */
const BLOCK_CHARS_MAX = 4_096;
const TOKEN_CHARS_MAX = 1_024;
const BLOCK_START = '-----begin ';
const BLOCK = /-----begin (?:[a-z0-9]{1,10} ){0,3}private key(?: block)?-----/y;
const BLOCK_END = /-----end (?:[a-z0-9]{1,10} ){0,3}private key(?: block)?-----/;

/** Token formats that their issuers document; the prefix alone names the issuer. */
const TOKENS: readonly RegExp[] = [
  /(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/y,
  /gh[pousr]_[A-Za-z0-9]{36,255}/y,
  /github_pat_[A-Za-z0-9_]{40,255}/y,
  /glpat-[A-Za-z0-9_-]{20,64}/y,
  /xox[abeoprs]-[A-Za-z0-9-]{10,255}/y,
  /(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,255}/y,
  /sk-(?:[a-z]{2,8}[0-9]{0,2}-)?(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{20,255}/y,
  /AIza[A-Za-z0-9_-]{35}/y,
  /ya29\.[A-Za-z0-9_-]{20,255}/y,
  /npm_[A-Za-z0-9]{36}/y,
  /hf_[A-Za-z0-9]{30,64}/y,
  /SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}/y,
  /dop_v1_[a-f0-9]{64}/y,
  /eyJ[A-Za-z0-9_-]{10,400}\.eyJ[A-Za-z0-9_-]{10,400}\.[A-Za-z0-9_-]{10,200}/y,
];
/** The first two characters of each. */
const STARTS = new Set([
  'AK',
  'AS',
  'gh',
  'gi',
  'gl',
  'xo',
  'sk',
  'pk',
  'rk',
  'AI',
  'ya',
  'np',
  'hf',
  'SG',
  'do',
  'ey',
]);
/** Credentials in a URL: from after `//` to the `@`. */
const CREDENTIALS = /[^\s/@:]{1,64}:[^\s/@]{3,128}(?=@[\p{L}\p{N}])/uy;

const PASSWORD_CUE = /(?:^|[ ./-])(?:password|passwd|pwd|passwort|kennwort|passphrase|pass|pin)$/;
const KEY_CUE =
  /(?:^|[ ./-])(?:api ?-?key|apikey|secret|secret key|access key|access ?token|auth ?token|private key|client secret|bearer|token|signing key)$/;
/** A mark or "is" must stand between the cue and the value: "password reset" is none. */
const ASSIGNED = /(?:[:=]\s{0,2}["'`]?|\bis:? ["'`]?|bearer )$/;
const VALUE = /[^\s"'`<>,;()[\]{}]{6,128}/y;
const BITS_PER_CHAR_MIN = 3;

/** Keys, tokens and passwords: known formats, key blocks, credentials in URLs, and what a cue such as "api key:" names. */
export const secretRecogniser: Recogniser = {
  id: 'secret',
  class: 'SECRET',
  tier: 1,
  reach: BLOCK_CHARS_MAX,
  next(text, from, limit) {
    for (let start = from; start < limit; start += 1) {
      if (!startsHere(text.lower, start)) continue;
      const found = secretAt(text, start, limit);
      if (found) return found;
    }
    return undefined;
  },
  openFrom({ lower }, end) {
    const block = openBlock(lower, end);
    if (block !== undefined) return block;
    let start = end;
    const floor = Math.max(0, end - TOKEN_CHARS_MAX);
    while (start > floor && !/\s/.test(lower[start - 1] ?? '')) start -= 1;
    return start === floor && floor > 0 ? end - TOKEN_CHARS_MAX : start;
  },
};

function startsHere(lower: string, start: number): boolean {
  const before = lower.charCodeAt(start - 1);
  if (isWord(before) && isWord(lower.charCodeAt(start))) return false;
  return lower.charCodeAt(start) > 0x20;
}

function secretAt({ text, lower }: Folded, start: number, limit: number): Candidate | undefined {
  const first = text.charCodeAt(start);
  const fits = (end: number | undefined): Candidate | undefined =>
    end !== undefined && end > start && end <= limit ? { start, end } : undefined;
  if (first === 0x2d) return lower.startsWith(BLOCK_START, start) ? fits(blockEnd(lower, start)) : undefined;
  if (STARTS.has(text.slice(start, start + 2))) {
    for (const token of TOKENS) {
      token.lastIndex = start;
      const found = token.exec(text);
      if (found) return fits(start + found[0].length);
    }
  }
  if (lower[start - 1] === '/' && lower[start - 2] === '/') {
    CREDENTIALS.lastIndex = start;
    const found = CREDENTIALS.exec(lower);
    if (found) return fits(start + found[0].length);
  }
  return fits(cuedEnd({ text, lower }, start));
}

/** The first block that has not ended; what begins within it is a part of it. */
function openBlock(lower: string, end: number): number | undefined {
  let from = Math.max(0, end - BLOCK_CHARS_MAX);
  for (;;) {
    const start = lower.indexOf(BLOCK_START, from);
    if (start < 0 || start > end) return undefined;
    const found = BLOCK_END.exec(lower.slice(start, end));
    if (!found) return start;
    from = start + found.index + found[0].length;
  }
}

function blockEnd(lower: string, start: number): number | undefined {
  BLOCK.lastIndex = start;
  if (!BLOCK.test(lower)) return undefined;
  const block = lower.slice(start, start + BLOCK_CHARS_MAX);
  const end = BLOCK_END.exec(block);
  return start + (end ? end.index + end[0].length : block.length);
}

function cuedEnd({ text, lower }: Pick<Folded, 'text' | 'lower'>, start: number): number | undefined {
  if (!'=: "\'`'.includes(lower[start - 1] ?? '-')) return undefined;
  if (!ASSIGNED.test(lower.slice(Math.max(0, start - 8), start))) return undefined;
  const words = wordsBefore(lower, start);
  if (words === '') return undefined;
  VALUE.lastIndex = start;
  const value = VALUE.exec(text)?.[0].replace(/\.+$/, '');
  if (value === undefined || value.length < 6 || value.startsWith('[[')) return undefined;
  if (PASSWORD_CUE.test(words)) return /[^\p{L}.]/u.test(value) ? start + value.length : undefined;
  return KEY_CUE.test(words) && isRandom(value) ? start + value.length : undefined;
}

/** Letters and digits mixed, with the entropy of a key rather than of a word. */
function isRandom(value: string): boolean {
  if (value.length < 16 || !/\d/.test(value) || !/[a-z]/i.test(value)) return false;
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits >= BITS_PER_CHAR_MIN;
}
