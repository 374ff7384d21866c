import { isDigit } from '../../fold/chars.js';
import { Is } from '../../lexicon/features.js';
import type { ProseFound } from './prose-found.js';
import { has, isCapital, isUnknown, type Reader, type Word } from './reader.js';

/** Words between a house number and the word for a street. */
const SEED_WORDS_MAX = 6;
const WORDS_MAX = 20;
const WITHIN = /^(?:\.? |-|'| \/ )/;
/** Marks over which an address goes on. */
const ABSORBED = /^(?:[ .,\n/-]|, |,\n ?|\.\n ?|\. |\n ?|\n, | ,|, ,){1,3}/;
const ABBREVIATED = /^(?:u|ul|st|str|ut|rd|ave|av|blvd|ln|dr)$/;
const HOUSE = /^\d{1,5}[a-z]?$/;
const FIGURE = /^(?:\d{1,6}[a-z]?|[a-z]{1,2}\d{1,2}[a-z]?)$/;
/** Common words that streets are named with. */
const STREET_NAME = /^(?:long|new|old|high|little|great|first|second|third|full|good|well|may|\p{L})$/u;
const MILITARY = /^(?:apo|fpo|dpo)$/;
const PO_BOX = /^p\.? ?o\.? ?box \d/;
const NUMBER_PO_BOX = /^\d{1,5}[a-z]? p\.? ?o\.? ?box \d/;
/** Where somebody lives or goes: then a number and a name are enough. */
const PLACED =
  /(?:\baddress(?: is|:| to)?|\bare|\bis at|\bit's (?:in|at|on)|\bto|\bat|\bside of|\blives? (?:on|at|in)|\blocated (?:at|on)|\bmoved to|\benter on|\bdeliver(?:ed)? to) $|address:\n?$/;
const CORNER = /^corner of /;
const ZIP_CUE =
  /(?:\bzip(?:[ -]?codes?)?|\bpostal ?codes?|\bpost ?codes?|\bplz|\bpostleitzahl|\bcode postal|\bcap)(?:[^\p{L}\p{N}\n]|\n| \p{L}+){0,4}$/u;
const ZIP =
  /^(?:(?:[a-z]{1,2}-)?\d{3,6}(?:-\d{3,4})?(?: [a-z]{2}(?=$|[^\p{L}])| \d{2,3})?|\d{2}-\d{3}|\d{4}[a-z]{2}|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{1,2}\d?)(?![\p{L}\p{N}])/u;
const ZIP_CHARS = 11;

/** Postal addresses: a seed that only an address has, and then all that can belong to it, over lines. */
export function addressAt(reader: Reader, word: Word, level: number): ProseFound | undefined {
  if (/[\d$\u20ac#_/.:]$/.test(reader.behind(word.start, 1))) return undefined;
  const zip = zipAt(reader, word);
  if (zip !== undefined) return { class: 'ADDRESS', start: word.start, end: zip };
  const seed = seedEnd(reader, word, level);
  return seed && { class: 'ADDRESS', start: word.start, end: absorb(reader, seed) };
}

function zipAt(reader: Reader, word: Word): number | undefined {
  if (!isDigit(word.lower.charCodeAt(0)) && word.shape !== 'code' && word.end - word.start > 2) return undefined;
  if (!ZIP_CUE.test(reader.behind(word.start, 24))) return undefined;
  const zip = ZIP.exec(reader.ahead(word.start, ZIP_CHARS))?.[0];
  return zip === undefined ? undefined : word.start + zip.length;
}

function seedEnd(reader: Reader, word: Word, level: number): Word | undefined {
  if (HOUSE.test(word.lower)) {
    if (NUMBER_PO_BOX.test(reader.ahead(word.start, 20))) return lastWord(reader, word, 4);
    return numberSeed(reader, word, level);
  }
  if (has(word, Is.UNIT)) return unitSeed(reader, word);
  if (word.lower === 'p' && PO_BOX.test(reader.ahead(word.start, 12))) return lastWord(reader, word, 4);
  if (word.lower === 'corner' && CORNER.test(reader.ahead(word.start, 12))) return cornerSeed(reader, word);
  if (MILITARY.test(word.lower)) {
    const region = reader.after(word, /^ /);
    return region && /^a[aep]$/.test(region.lower) ? region : undefined;
  }
  if (has(word, Is.STREET_OPENING))
    return streetThenNumber(reader, word, word.shape === 'lower' && word.lower.length > 3);
  return isCapital(word) && !has(word, Is.COMMON | Is.PARTICLE) ? streetThenNumber(reader, word, false) : undefined;
}

/** "12 Long Acre Road", "6750 Koskikatu 25": a number, then a street word or a name and a second number. */
function numberSeed(reader: Reader, number: Word, level: number): Word | undefined {
  let last = number;
  let names = 0;
  for (let count = 0; count < SEED_WORDS_MAX; count += 1) {
    const next = reader.after(last, WITHIN);
    if (!next) return isPlaced(reader, number, last, names, level) ? last : undefined;
    if (next.shape === 'lower' && ABBREVIATED.test(next.lower) && reader.char(next.end) === '.')
      return names > 0 ? next : undefined;
    if (has(next, Is.STREET_OPENING) && next.shape === 'lower') {
      const after = reader.after(next, WITHIN);
      return after && (isCapital(after) || has(after, Is.PARTICLE) || isUnknown(after)) ? after : undefined;
    }
    if (has(next, Is.STREET) && names + count > 0 && next.shape !== 'number') return accept(reader, next);
    if (
      has(next, Is.STREET) &&
      count === 0 &&
      (next.lower.length > 4 || has(next, Is.STREET_OPENING)) &&
      isCapital(next)
    ) {
      const after = reader.after(next, WITHIN);
      return after && (isCapital(after) || has(after, Is.PARTICLE) || HOUSE.test(after.lower)) ? after : next;
    }
    if (HOUSE.test(next.lower)) {
      if (names > 0 && level > 0) return next;
      if (count > 1) return undefined;
    } else if (isNamePart(next, level)) names += 1;
    else if (!has(next, Is.PARTICLE)) return isPlaced(reader, number, last, names, level) ? last : undefined;
    last = next;
  }
  return undefined;
}

/** "at 214 Pavlou Drandaki" */
function isPlaced(reader: Reader, number: Word, last: Word, names: number, level: number): boolean {
  return level > 0 && names > 0 && isCapital(last) && isUnknown(last) && PLACED.test(reader.behind(number.start, 24));
}

/** "12 hours a day view" has a street word too; in lower case one needs to be a street and nothing else. */
function accept(reader: Reader, street: Word): Word | undefined {
  if (street.shape !== 'lower') return street;
  if (street.lower.length > 3 && !has(street, Is.DICTIONARY)) return street;
  return /^(?:street|road|avenue|lane|boulevard|st|rd|ave|drive)$/.test(street.lower) &&
    reader.unit(street.end) !== 0x2d
    ? street
    : undefined;
}

function isNamePart(word: Word, level: number): boolean {
  if (has(word, Is.MONTH | Is.WEEKDAY)) return false;
  if (isCapital(word)) return !has(word, Is.COMMON) || STREET_NAME.test(word.lower);
  return word.shape === 'lower' && level > 0 && isUnknown(word) && word.lower.length > 3;
}

/** "Apt. 258", "Suite 12", "Box 3833". */
function unitSeed(reader: Reader, unit: Word): Word | undefined {
  if (unit.shape === 'lower' && !/^(?:apt|apartment|suite|ste|psc)$/.test(unit.lower)) return undefined;
  const number = reader.after(unit, /^(?:\. | |#| #)/);
  if (
    !number ||
    !FIGURE.test(number.lower) ||
    (has(unit, Is.DICTIONARY) && !/^(?:apt|ste|box|suite|apartment|flat|unit|building)$/.test(unit.lower))
  )
    return undefined;
  return reader.after(number, /^(?:, ?| )/)?.lower === 'box' || unit.lower !== 'unit' ? number : undefined;
}

/** "Via Roma 12", "Nybyvägen 65", "ul. Grochowa 80": a street by its name, then the house. */
function streetThenNumber(reader: Reader, first: Word, isLower: boolean): Word | undefined {
  let last: Word = first;
  let isStreet =
    has(first, Is.STREET_OPENING) || (has(first, Is.STREET) && !has(first, Is.DICTIONARY) && first.lower.length > 5);
  const words = isStreet ? SEED_WORDS_MAX : SEED_WORDS_MAX - 2;
  for (let count = 0; count < words; count += 1) {
    const next = reader.after(last, WITHIN);
    if (!next) return undefined;
    if (HOUSE.test(next.lower)) {
      if (isStreet && (count > 0 || !has(first, Is.STREET_OPENING))) return next;
      const after = reader.after(next, / /);
      const isNamed =
        isUnknown(last) &&
        (PLACED.test(reader.behind(first.start, 24)) || /^(?:st|street|road|rd)$/.test(after?.lower ?? ''));
      return isNamed ? next : undefined;
    }
    if (has(next, Is.STREET) && next.shape !== 'lower') isStreet = true;
    else if (!isCapital(next) && !has(next, Is.PARTICLE) && !(isLower && isUnknown(next))) return undefined;
    else if (has(next, Is.COMMON) && next.lower.length > 2) return undefined;
    last = next;
  }
  return undefined;
}

function cornerSeed(reader: Reader, corner: Word): Word | undefined {
  const of = reader.after(corner, /^ /);
  const first = of && reader.after(of, /^ /);
  return first &&
    (isCapital(first) || isUnknown(first) || has(first, Is.STREET | Is.PARTICLE) || HOUSE.test(first.lower))
    ? first
    : undefined;
}

function lastWord(reader: Reader, from: Word, words: number): Word {
  let last = from;
  for (let count = 0; count < words; count += 1) {
    const next = reader.after(last, /^(?:\. ?| )/);
    if (!next) return last;
    last = next;
    if (isDigit(next.lower.charCodeAt(0))) return last;
  }
  return last;
}

/** The end of all that belongs to the address: names, figures and words for streets, over commas and lines. */
function absorb(reader: Reader, seed: Word): number {
  let last = seed;
  let end = seed.end;
  for (let count = 0; count < WORDS_MAX; count += 1) {
    const gap = ABSORBED.exec(reader.gapAt(last.end))?.[0];
    const next = gap === undefined ? undefined : reader.word(last.end + gap.length);
    if (!gap || !next || next.end - seed.start > 140 || !goesOn(reader, last, gap, next)) break;
    last = next;
    if (!has(next, Is.PARTICLE | Is.COMMON) || isCapital(next) || FIGURE.test(next.lower) || next.lower === 'u')
      end = next.end;
    else if (next.lower !== 'and' && !has(next, Is.PARTICLE)) break;
  }
  return end;
}

function goesOn(reader: Reader, last: Word, gap: string, next: Word): boolean {
  if (gap.includes('\n\n') || reader.char(next.end) === ':') return false;
  if (FIGURE.test(next.lower)) return true;
  // A region in two letters, and what is told apart from words by the number after it.
  if (next.shape === 'lower' && next.lower.length <= 6 && !gap.startsWith('.')) {
    const number = reader.after(next, /^(?: |\. |\n ?)/);
    if (number && FIGURE.test(number.lower) && (next.lower.length <= 3 || has(next, Is.UNIT))) return true;
  }
  const isNewSentence = gap.startsWith('.') && !(last.lower.length <= 4 || has(last, Is.STREET | Is.UNIT));
  if (isNewSentence) return false;
  if (has(next, Is.STREET | Is.UNIT | Is.CITY | Is.COUNTRY | Is.NATIONALITY) && !has(next, Is.COMMON))
    return isCapital(next) || !has(next, Is.DICTIONARY);
  if (isCapital(next)) return !has(next, Is.COMMON) || next.lower.length <= 2;
  if (next.lower === 'and' || has(next, Is.PARTICLE)) {
    const after = reader.after(next, /^(?:\. | )/);
    return after !== undefined && (isCapital(after) || has(after, Is.STREET));
  }
  return next.shape === 'lower' && isUnknown(next) && next.lower.length > 2;
}
