import { isDigit, isWord } from '../fold/chars.js';
import { openNumberRun } from './number-run.js';
import { otherFigure, readPhoneRun } from './phone-run.js';
import { isPhoneShape, type PhoneCue } from './phone-shape.js';
import type { Recogniser } from '../recogniser.js';

/** A run of 40 characters, an extension, and a cue after it. */
const REACH = 80;
const LINK = String.raw`(?:\s+(?:number|no|nr|nummer|is|ist|at|on|to|me|us|him|her|them|back|under|unter|per))*[^\w+(]{0,5}$`;
const STRONG = new RegExp(
  String.raw`(?:\b(?:tele)?(?:phone|fon)[a-z]*|\btel\b\.?|\btelefax|\bfax[a-z]*|\bmob(?:ile?)?\b|\bmobil(?:nummer|telefon|e)?\b` +
    String.raw`|\bcell(?:phone|ular)?\b|\bhandy[a-z]*|\bwhatsapp|\bsms|\bdial|\brufnummer|\bpuhelin[a-z]*|\bgsm` +
    String.raw`|\b(?:desk|office|home|work|direct):)` +
    LINK,
);
const WEAK = new RegExp(
  String.raw`\b(?:call(?:ing|ed)?|ring|reach(?:able)?|contact|answer(?:ing)?|messages?|text|registered|anrufen|erreichbar)` +
    LINK,
);
const AGAINST =
  /(?:\b(?:id|ref|order|ticket|invoice|sku|isbn|ean|serial|account|konto|item|article|build)\b|#)\W{0,3}(?:no|nr|number|nummer)?\W{0,3}$/;
const CUE_AFTER = /^[ -]{0,2}\(?(?:office|fax|mobile?|cell|desk|home|work|handy)(?![\p{L}\p{N}_])/u;
const LABEL_AFTER = /^-(?:fax|mobile?|cell|handy)(?![\p{L}\p{N}_])/u;
const EXTENSION = / ?(?:x|ext\.?|extension|durchwahl) ?\d{1,6}(?![\p{L}\p{N}_])/uy;
/** A figure of up to three digits and a space: the number goes on to the left. */
const FIGURE_BEFORE = /(?:^|[^\d.:/-])\d{1,3} $/;

/** In "030 901820/0171 1234567" the mark parts two numbers. */
const NUMBER_BEFORE = /(?:\d[ -]?){6}\d\/$/;
const NUMBER_AFTER = /^ ?\/ ?[0+]/;

/** Phone numbers: international, national with a trunk zero, North American; others only next to a cue. */
export const phoneRecogniser: Recogniser = {
  id: 'phone',
  class: 'PHONE',
  tier: 2,
  reach: REACH,
  next({ lower }, from, limit) {
    let start = from;
    while (start < limit) {
      const char = lower[start] ?? '';
      if (char === '+' || char === '(') {
        const end = mayStart(lower, start) ? phoneEnd(lower, start, limit) : undefined;
        if (end !== undefined) return { start, end };
        start += 1;
      } else if (isDigit(char.charCodeAt(0))) {
        const boundary = mayStart(lower, start);
        const other = boundary ? otherFigure(lower, start) : 0;
        const end = boundary && other === 0 ? phoneEnd(lower, start, limit) : undefined;
        if (end !== undefined) return { start, end };
        start += other;
        while (start < limit && isDigit(lower.charCodeAt(start))) start += 1;
      } else {
        start += 1;
      }
    }
    return undefined;
  },
  openFrom: ({ lower }, end) => openNumberRun(lower, end),
};

/** Not inside a word, an amount, a decimal, a path or an identifier. */
function mayStart(lower: string, start: number): boolean {
  const before = lower[start - 1] ?? ' ';
  const beforeThat = lower.charCodeAt(start - 2);
  const unit = before.charCodeAt(0);
  if (lower[start] === '+') {
    if (isDigit(unit)) return NUMBER_BEFORE.test(`${lower.slice(Math.max(0, start - 24), start)}/`);
    return before !== '+' && (before !== '.' || !isDigit(beforeThat));
  }
  if (lower[start] === '(') return !isDigit(unit) && before !== '_';
  if (isWord(unit) || '_+$\u20ac\u00a3\u00a5#'.includes(before)) return false;
  if (before === '/') return !isWord(beforeThat) || NUMBER_BEFORE.test(lower.slice(Math.max(0, start - 24), start));
  if (before === '-') return !isWord(beforeThat);
  return !'.:'.includes(before) || !isDigit(beforeThat);
}

function phoneEnd(lower: string, start: number, limit: number): number | undefined {
  if (lower[start] !== '+' && isInsideRow(lower, start)) return undefined;
  const run = readPhoneRun(lower, start, limit);
  if (!run) return undefined;
  const last = run.ends.at(-1) ?? start;
  for (let count = run.groups.length; count > 0; count -= 1) {
    const end = run.ends[count - 1] ?? start;
    const groups = run.groups.slice(0, count);
    const part = { ...run, groups, gaps: run.gaps.slice(0, count - 1), ends: [] };
    if (groups.join('').length < 7) return undefined;
    const whole = end === last && !goesOn(lower, start, end);
    if (!whole && !run.plus) continue;
    if (!isPhoneShape(part, cueAround(lower, start, end))) continue;
    const accepted = closed(lower, start, end, limit);
    if (accepted !== undefined) return accepted;
  }
  return undefined;
}

/** A long row of figures is known by what stands before it, unless a mark parts two numbers in it. */
function isInsideRow(lower: string, start: number): boolean {
  if (lower[start - 1] !== ' ' || lower.slice(start, start + 44).includes('/')) return false;
  return FIGURE_BEFORE.test(lower.slice(Math.max(0, start - 8), start));
}

/** More digits before or after: then it is a row of figures. */
function goesOn(lower: string, start: number, end: number): boolean {
  const after = lower.slice(end, end + 4);
  if (NUMBER_AFTER.test(after) && end - start >= 7) return false;
  if (/^(?:[-./]|[ )-]{1,2}| [-/] )\d/.test(after) && otherFigure(lower, end + after.search(/\d/)) === 0) return true;
  return FIGURE_BEFORE.test(lower.slice(Math.max(0, start - 8), start));
}

function cueAround(lower: string, start: number, end: number): PhoneCue {
  const before = lower.slice(Math.max(0, start - 40), start);
  const after = lower.slice(end, end + 14);
  if (STRONG.test(before) || LABEL_AFTER.test(after)) return 'strong';
  if (WEAK.test(before) || CUE_AFTER.test(after)) return 'weak';
  return AGAINST.test(before) ? 'against' : 'none';
}

/** The end with its extension, or nothing where the number runs on into a word, an amount or an identifier. */
function closed(lower: string, start: number, end: number, limit: number): number | undefined {
  EXTENSION.lastIndex = end;
  const extended = end + (EXTENSION.exec(lower)?.[0].length ?? 0);
  if (extended > end && extended <= limit) return extended;
  const after = lower[end] ?? ' ';
  if (isWord(after.charCodeAt(0)) || after === '_') return undefined;
  if (lower[start] !== '+' && '%\u20ac$\u00a3'.includes(after)) return undefined;
  if (after === '-' && isWord(lower.charCodeAt(end + 1)) && !CUE_AFTER.test(lower.slice(end, end + 14)))
    return undefined;
  return end;
}
