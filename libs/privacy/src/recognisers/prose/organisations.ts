import { Is } from '../../lexicon/features.js';
import { isCodeLike } from './code-like.js';
import type { ProseFound } from './prose-found.js';
import { has, isCapital, type Reader, type Word } from './reader.js';

const RUN_WORDS_MAX = 6;
const GAP = /^(?:, (?=.)|,? & |-| )/;
const EMPLOYED =
  /\b(?:work(?:s|ed|ing)? (?:for|at)|employed (?:at|by)|employee of|ceo of|founder of|joined|hired by|job at|position at|interview (?:with|at)) $/;
const OFFICE_AFTER =
  /^(?: (?:office|headquarters|hq|employees?|inc|branch|website|songwriter|spokesman|spokesperson)\b)/;
/** They end the name of a firm only after a name. */
const WEAK_ENDING = new Set([
  'co',
  'company',
  'group',
  'services',
  'systems',
  'solutions',
  'bank',
  'partners',
  'se',
  'as',
  'ab',
  'sa',
  'bv',
  'ag',
  'kg',
  'ug',
  'hospital',
  'clinic',
  'university',
  'college',
  'institute',
  'capital',
  'labs',
  'insurance',
  'associates',
  'technology',
  'foundation',
  'logistics',
  'industries',
  'technologies',
  'orchestra',
  'enterprises',
  'consulting',
  'holding',
  'airlines',
]);

/** Firms by how their name ends ("Civic Impulse LLC"), or by the words about them ("works for Coden"). */
export function organisationAt(reader: Reader, first: Word): ProseFound | undefined {
  const isEmployed = EMPLOYED.test(reader.behind(first.start, 24));
  if (has(first, Is.COMMON | Is.HONORIFIC | Is.MONTH | Is.WEEKDAY) && !isEmployed) return undefined;
  if (!isCapital(first) || isCodeLike(reader, first)) return undefined;
  let last: Word = first;
  let end: number | undefined;
  for (let count = 1; count < RUN_WORDS_MAX; count += 1) {
    const next = nextPart(reader, last);
    if (!next) break;
    last = next;
    if (
      has(next, Is.ORGANISATION_ENDING) &&
      isCapital(next) &&
      (count > 1 || !WEAK_ENDING.has(next.lower) || !has(first, Is.DICTIONARY))
    )
      end = next.end + dotAfter(reader, next);
  }
  if (end !== undefined) return { class: 'ORGANIZATION', start: first.start, end };
  const isCued = isEmployed || (OFFICE_AFTER.test(reader.ahead(last.end, 16)) && last.end > first.end);
  return isCued ? { class: 'ORGANIZATION', start: first.start, end: last.end } : undefined;
}

/** Capitals in the middle of a sentence that are English words: "the Credit Karma website". */
export function titleAt(reader: Reader, first: Word): ProseFound | undefined {
  if (
    first.shape !== 'capital' ||
    has(first, Is.COMMON | Is.MONTH | Is.WEEKDAY | Is.STREET | Is.NATIONALITY | Is.COUNTRY)
  )
    return undefined;
  const isInside = /(?:^|[ (])\p{Ll}[\p{Ll}']+ $/u.test(reader.text.slice(Math.max(0, first.start - 20), first.start));
  if (!isInside || isCodeLike(reader, first)) return undefined;
  let last: Word = first;
  for (let count = 1; count < RUN_WORDS_MAX; count += 1) {
    const next = nextPart(reader, last);
    if (!next || has(next, Is.COUNTRY | Is.NATIONALITY)) break;
    last = next;
  }
  const isClosed = /^(?:[.,;!?]?(?: |\n|$|")|'s )/u.test(reader.ahead(last.end, 2)) && reader.char(last.end) !== ':';
  return isClosed && last !== first ? { class: 'ORGANIZATION', start: first.start, end: last.end } : undefined;
}

const dotAfter = (reader: Reader, word: Word): number =>
  /^(?:inc|ltd|co|corp)$/.test(word.lower) && reader.char(word.end) === '.' && reader.char(word.end + 1) !== '\n'
    ? 1
    : 0;

function nextPart(reader: Reader, last: Word): Word | undefined {
  const next = reader.after(last, GAP);
  if (!next) return undefined;
  if (next.lower === 'and' || next.lower === 'of') {
    const after = reader.after(next, /^ /);
    return isCapital(after) && !has(after, Is.COMMON) ? after : undefined;
  }
  return isCapital(next) && (!has(next, Is.COMMON) || has(next, Is.ORGANISATION_ENDING)) && !isCodeLike(reader, next)
    ? next
    : undefined;
}
