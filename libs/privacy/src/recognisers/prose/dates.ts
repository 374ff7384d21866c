import { wordsBefore } from '../words-before.js';
import { has, type Reader, type Word } from './reader.js';
import type { ProseFound } from './prose-found.js';
import { Is } from '../../lexicon/features.js';

const AGE_AFTER =
  /^(?:[ -]?(?:years?|yrs?\.?|months?|weeks?)[ -](?:olds?|of age|young)|(?:st|nd|rd|th) birthday| ?(?:years?|yrs?),? (?:male|female|man|woman|boy|girl|patient)(?![\p{L}\p{N}]))|^ ?(?:y\/o|yo|y\.o\.)(?![\p{L}\p{N}])|^ (?:jahre|ans|anos|anni|jaar) (?:alt|de edad|oud)?/u;
const AGE_CUE = /(?:^| )(?:aged?|ages|turned|turning|turns?|alter|edad|eta|leeftijd|wiek)$/;
const AGE_CUE_WITH_PERSON =
  /\b(?:i|he|she|they|you|we|who|son|daughter|mother|father|wife|husband|brother|sister)(?: am| is| are| was| were|'m|'s|'re|'ll be| will be| would be| became)(?: only| just| now| about| almost| nearly| over| under| already| still| barely)? $/;
const BIRTH_CUE =
  /(?:^| )(?:born|birth|birthday|birthdate|dob|d\.o\.b|geboren|geburtsdatum|geburtstag|nacimiento|naissance|nascita|nascimento|geboortedatum)$/;
const NUMERIC =
  /^(?:(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:[12]\d|3[01]|0?[1-9])|(?:[12]\d|3[01]|0?[1-9])([-/.])(?:[12]\d|3[01]|0?[1-9])\2(?:(?:19|20)\d\d|\d\d))(?![\d./-]*\d)(?:[ t]\d\d:\d\d(?::\d\d)?(?![:.]?\d))?/;
const YEAR = /^(?:1[89]|20)\d\d$/;
const YEAR_CUE = /(?:^| )(?:in|since|of|from|until|till|by|before|after|during|year|summer|winter|spring|fall|autumn)$/;
const DAY_OF_MONTH = /^(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?$/;
/** Longest date in figures. */
const NUMERIC_CHARS = 24;

/** Dates in figures and words, years with a word before them, and ages; a date of birth by what stands before it. */
export function dateAt(reader: Reader, word: Word, level: number): ProseFound | undefined {
  if (word.shape === 'number' || word.shape === 'code') return numberDate(reader, word, level);
  if (level === 0 && !isBirth(reader, word)) return undefined;
  if (has(word, Is.MONTH) && (word.shape !== 'lower' || !has(word, Is.COMMON))) return monthDate(reader, word);
  if (has(word, Is.WEEKDAY) && word.shape !== 'lower') return { class: 'DATE', start: word.start, end: word.end };
  return undefined;
}

const isBirth = (reader: Reader, word: Word): boolean => BIRTH_CUE.test(wordsBefore(reader.lower, word.start));

function numberDate(reader: Reader, word: Word, level: number): ProseFound | undefined {
  const before = reader.behind(word.start, 2);
  if (/[\d$\u20ac\u00a3#_/.:-]$/.test(before)) return undefined;
  const isDate = level > 0 || isBirth(reader, word);
  if (!isDate || word.lower.length > 4) return undefined;
  const found = (end: number): ProseFound => ({
    class: isBirth(reader, word) ? 'BIRTH_DATE' : 'DATE',
    start: word.start,
    end,
  });
  if ('-/.'.includes(reader.char(word.end))) {
    const numeric = NUMERIC.exec(reader.ahead(word.start, NUMERIC_CHARS))?.[0];
    if (numeric !== undefined) return found(word.start + numeric.length);
    if (/^[-/.]\d/.test(reader.ahead(word.end, 2))) return undefined;
  }
  if (DAY_OF_MONTH.test(word.lower)) {
    const month = reader.after(word, /^(?: of |\. | |-)/);
    if (has(month, Is.MONTH) && month && month.lower !== 'may') return found(yearAfter(reader, month) ?? month.end);
  }
  const isYear =
    YEAR.test(word.lower) && (isBirth(reader, word) || YEAR_CUE.test(` ${reader.behind(word.start, 12).trimEnd()}`));
  return isYear ? found(word.end) : undefined;
}

/** How old somebody is. */
export function ageAt(reader: Reader, word: Word): ProseFound | undefined {
  const age = Number(word.lower);
  if (Number.isNaN(age) || age < 1 || age > 120) return undefined;
  const after = AGE_AFTER.exec(reader.ahead(word.end, 14))?.[0];
  if (after !== undefined) return { class: 'AGE', start: word.start, end: word.end + after.trimEnd().length };
  const end = reader.char(word.end);
  if (!'.,;:!?)\n \0'.includes(end) || /^(?: ?%| (?:and )?\d| (?:\p{L}+s|of|per)\b)/u.test(reader.ahead(word.end, 12)))
    return undefined;
  const isCued =
    AGE_CUE.test(wordsBefore(reader.lower, word.start)) ||
    (AGE_CUE_WITH_PERSON.test(reader.behind(word.start, 24)) && age >= 10);
  return isCued ? { class: 'AGE', start: word.start, end: word.end } : undefined;
}

/** "March 3, 2020", "March 2020", "March 3rd"; a month alone is a date unless it may be a verb or name. */
function monthDate(reader: Reader, word: Word): ProseFound | undefined {
  const found = (end: number): ProseFound => ({
    class: isBirth(reader, word) ? 'BIRTH_DATE' : 'DATE',
    start: word.start,
    end,
  });
  const next = reader.after(word, /^(?:\. | )/);
  if (next && DAY_OF_MONTH.test(next.lower)) {
    const year = reader.after(next, /^(?:, | )/);
    return found(year && YEAR.test(year.lower) ? year.end : next.end);
  }
  const year = yearAfter(reader, word);
  if (year !== undefined) return found(year);
  return /^(?:may|march|mar|jan|jun|sep|dec|mai|august|june|april|marz|mayo)$/.test(word.lower) || word.lower.length < 5
    ? undefined
    : found(word.end);
}

function yearAfter(reader: Reader, month: Word): number | undefined {
  const year = reader.after(month, /^(?:, | of | )/);
  return year && YEAR.test(year.lower) ? year.end : undefined;
}
