import { isDigit, isWord } from '../fold/chars.js';
import { openNumberRun } from './number-run.js';
import type { Recogniser } from '../recogniser.js';

const SPACE = 0x20;
const DASH = 0x2d;
const DOT = 0x2e;
const DIGITS_MIN = 12;
const DIGITS_MAX = 19;
/** Nineteen digits, two separators between each, and two characters after them. */
const REACH = 60;

/** Number ranges in use, with the lengths they come in (ISO/IEC 7812). */
const BRANDS: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(?:30[0-5]|3[689])/, [14, 16, 17, 18, 19]],
  [/^35/, [16, 17, 18, 19]],
  [/^(?:2131|1800)/, [15]],
  [/^(?:6011|64[4-9]|65|62|81)/, [16, 17, 18, 19]],
  [/^(?:50|5[6-8]|6[037]|0604)/, [12, 13, 14, 15, 16, 17, 18, 19]],
];
const CUE = /(?:card|karte|kort|carte|tarjeta|kredit|credit|debit|visa|amex|maestro|\bpan\b)[^\d]{0,16}$/;

/**
 * Payment cards: a known range, its length, and Luhn (ISO/IEC 7812). After a cue such as "card" a number that fails
 * them counts too: it may be mistyped, and is still somebody's.
 */
export const cardRecogniser: Recogniser = {
  id: 'card',
  class: 'CARD',
  tier: 1,
  reach: REACH,
  next({ lower }, from, limit) {
    let start = from;
    while (start < limit) {
      if (!isDigit(lower.charCodeAt(start))) {
        start += 1;
        continue;
      }
      const end = mayStart(lower, start) ? cardEnd(lower, start, limit) : undefined;
      if (end !== undefined) return { start, end };
      while (start < limit && isDigit(lower.charCodeAt(start))) start += 1;
    }
    return undefined;
  },
  openFrom: ({ lower }, end) => openNumberRun(lower, end),
};

/** Not inside a word, a decimal, or an identifier joined by dashes. */
function mayStart(lower: string, start: number): boolean {
  const before = lower[start - 1] ?? ' ';
  if (isWord(before.charCodeAt(0))) return false;
  if (before === '.') return !isDigit(lower.charCodeAt(start - 2));
  return !'-_'.includes(before) || !isWord(lower.charCodeAt(start - 2));
}

function cardEnd(lower: string, start: number, limit: number): number | undefined {
  const groups: string[] = [];
  let count = 0;
  let at = start;
  let best: number | undefined;
  while (count < DIGITS_MAX) {
    const groupStart = at;
    while (at < limit && at - groupStart <= DIGITS_MAX && isDigit(lower.charCodeAt(at))) at += 1;
    groups.push(lower.slice(groupStart, at));
    count += at - groupStart;
    if (count > DIGITS_MAX || (groups.length === 1 && isInsideRow(lower, start, count))) break;
    if (count >= DIGITS_MIN && isCard(lower, start, at, groups)) best = at;
    const gap = separator(lower, at);
    if (gap === 0 || at + gap >= limit) break;
    at += gap;
  }
  return best;
}

/** After a figure and a space only the usual grouping counts, which begins with four digits. */
function isInsideRow(lower: string, start: number, digits: number): boolean {
  return digits !== 4 && digits < DIGITS_MIN && lower[start - 1] === ' ' && isDigit(lower.charCodeAt(start - 2));
}

/** Length of the separator between two groups of digits that stands here, or 0. */
function separator(lower: string, at: number): number {
  const first = lower.charCodeAt(at);
  if (first !== SPACE && first !== DASH && first !== DOT) return 0;
  if (isDigit(lower.charCodeAt(at + 1))) return 1;
  const second = lower.charCodeAt(at + 1);
  const isPair = first !== DOT && (second === SPACE || second === DASH);
  return isPair && isDigit(lower.charCodeAt(at + 2)) ? 2 : 0;
}

function isCard(lower: string, start: number, end: number, groups: readonly string[]): boolean {
  const alone = separator(lower, end) === 0 && !(lower[start - 1] === ' ' && isDigit(lower.charCodeAt(start - 2)));
  const isUsual = isUsualGrouping(groups);
  if (!alone && !isUsual) return false;
  const after = lower[end] ?? ' ';
  const afterNext = lower.charCodeAt(end + 1);
  if (isWord(after.charCodeAt(0))) return false;
  if (groups.length === 1 && after === '.' && isDigit(afterNext)) return false;
  if (groups.length === 1 && '-_'.includes(after) && isWord(afterNext)) return false;
  const digits = groups.join('');
  if (isKnownLength(digits) && passesLuhn(digits)) return true;
  const hasCue = alone && CUE.test(lower.slice(Math.max(0, start - 32), start));
  return hasCue && (digits.length > DIGITS_MIN || passesLuhn(digits));
}

function isUsualGrouping(groups: readonly string[]): boolean {
  if (groups.length === 1) return true;
  if (groups[0]?.length !== 4) return false;
  const sizes = groups.map((group) => group.length).join();
  return /^(?:4,)+[1-4]$/.test(sizes) || sizes === '4,6,5' || sizes === '4,6,4';
}

function isKnownLength(digits: string): boolean {
  return BRANDS.some(([range, lengths]) => range.test(digits) && lengths.includes(digits.length));
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    const weighted = i % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}
