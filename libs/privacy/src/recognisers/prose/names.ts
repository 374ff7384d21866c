import { Is } from '../../lexicon/features.js';
import { wordsBefore } from '../words-before.js';
import { isCodeLike, startsSentence } from './code-like.js';
import type { ProseFound } from './prose-found.js';
import { has, isCapital, isUnknown, type Reader, type Word } from './reader.js';

const RUN_WORDS_MAX = 6;
/** In a row: "de la", "von und zu". */
const PARTICLES_MAX = 2;
/** Between the parts of one name; an initial may have its dot. */
const GAP = /^(?: |-|\. (?=.))/;
const INITIAL_GAP = /^(?:\.? |\.)/;
const TITLE_GAP = /^(?:\. ?| )/;

/** Words after which a name comes, whatever it looks like. */
const SURE_CUES =
  "name's,named,called,dear,hi,hello,hey,mr,mrs,ms,miss,mx,dr,prof,professor,herr,frau,mister,madame,monsieur,senor,senora,first name,last name,surname,full name,given name,family name,forename,customer name,contact name,cardholder,cardholder name,card holder name,patient,nachname,vorname,signed".split(
    ',',
  );
const SURE_CUE = new RegExp(`(?:^| )(?:${SURE_CUES.join('|')})$`);
/** The word before a name is seldom the last one of a cue: then no others are looked at. */
const SURE_CUE_END = new Set(SURE_CUES.map((cue) => cue.slice(cue.lastIndexOf(' ') + 1)));
const NAME_IS =
  /\bname(?: on \w{2,12}| here| in [a-z ]{2,20})? ?(?:is|was|to|:)[: ]{1,2}(?:mr\. |mrs\. |ms\. |dr\. )?$|\bmy name's $|\bname\? $/;
const I_AM =
  /(?:\b(?:this is|i am|i'm|it's me,?|call me|calls? me|ask for|speak (?:to|with)|talk to|spoke with|met|meet with|regards,?\n?|sincerely,?\n?|cheers,?\n?|thanks,?\n|to visit|it's under|under) )$/;
/** Words about what a person does or is, around a name. */
const SPEECH_AFTER =
  /^(?:,? (?:said|says|told|wrote|writes|asked|replied|added|thinks|lives|lived|moved|was born|is (?:a|an|the|my|from|very)|has (?:been|a)|works|worked|called|joined|'s (?:wife|husband|son|daughter|mother|father|brother|sister|account|phone|email|address|birthday))\b)/;

/** One of these before a given name that is an English word too. */
const PERSON_BEFORE = /\b(?:and|with|by|from|for|is|to|him|her|me|said|says|told|asked|that|if|when) $|, $/;
const POSSESSED_NAME =
  /\b(?:my|her|his|their|maiden|real|whose) (?:first |last |full |middle )?name(?: is|'s|: ?| was) $/;

/** The people and other proper names that start at a capital letter. */
export function nameAt(reader: Reader, word: Word, level: number): ProseFound | undefined {
  if (has(word, Is.HONORIFIC)) return honorificAt(reader, word, level);
  if (word.shape === 'lower') return lowerName(reader, word, level);
  if (!isCapital(word) || (has(word, Is.COMMON) && !has(word, Is.FIRST_NAME | Is.LAST_NAME))) return undefined;
  const sure = isSurelyNamed(reader, word.start);
  if (has(word, Is.COMMON) && !sure) return undefined;
  const run = readRun(reader, word, sure);
  if (run.length === 0) return undefined;
  const last = run.at(-1)!;
  const end = last.lower.endsWith("'s") ? last.end - 2 : last.end;
  const found: ProseFound = { class: 'PERSON', start: word.start, end };
  if (sure) return found;
  return level > 0 && isName(reader, run, level) ? found : undefined;
}

function isSurelyNamed(reader: Reader, start: number): boolean {
  const unit = reader.lower.charCodeAt(start - 1);
  if (unit !== 0x20 && unit !== 0x0a && unit !== 0x3a) return false;
  const behind = reader.behind(start, 40);
  if (NAME_IS.test(behind) || I_AM.test(behind)) return true;
  const before = reader.lower[start - 1];
  return (
    (before === ' ' || before === '\n') &&
    SURE_CUE_END.has(wordsBefore(reader.lower, start, 1)) &&
    SURE_CUE.test(wordsBefore(reader.lower, start)) &&
    !/(?:\bto|\bfor|\bof|\ba|\bthe) $/.test(behind)
  );
}

/** "Mr." as a title of its own, if a name follows; the name is found next, by it. */
function honorificAt(reader: Reader, word: Word, level: number): ProseFound | undefined {
  if (level === 0 || word.shape === 'lower' || word.shape === 'upper') return undefined;
  const next = reader.after(word, TITLE_GAP);
  if (!isCapital(next) || has(next, Is.COMMON)) return undefined;
  const dot = reader.char(word.end) === '.' ? 1 : 0;
  return { class: 'TITLE', start: word.start, end: word.end + dot };
}

function lowerName(reader: Reader, word: Word, level: number): ProseFound | undefined {
  if (word.lower.length < 3 || has(word, Is.COMMON | Is.TECHNICAL)) return undefined;
  if (!isUnknown(word) && !has(word, Is.FIRST_NAME)) return undefined;
  const isName = has(word, Is.FIRST_NAME) && !has(word, Is.DICTIONARY);
  const isCued =
    isSurelyNamed(reader, word.start) &&
    (isUnknown(word) || (has(word, Is.FIRST_NAME) && POSSESSED_NAME.test(reader.behind(word.start, 32))));
  if ((!isCued && !(isName && level > 0)) || isCodeLike(reader, word)) return undefined;
  const initial = reader.after(word, GAP);
  const next = initial?.lower.length === 1 && initial.lower !== 'i' ? reader.after(initial, INITIAL_GAP) : initial;
  const isPair = next?.shape === 'lower' && isUnknown(next) && next.lower.length > 2;
  // A given name alone is not enough in lower case, where identifiers are.
  const isTold = level === 2 || PERSON_BEFORE.test(reader.behind(word.start, 14)) || reader.ahead(word.end, 2) === "'s";
  if (!isCued && !isPair && (!isTold || word.lower.length < 4)) return undefined;
  return { class: 'PERSON', start: word.start, end: isPair ? next.end : word.end };
}

/** Capitalised words that can be one name, from this one on. */
function readRun(reader: Reader, first: Word, sure: boolean): Word[] {
  const run: Word[] = [];
  let word: Word | undefined = first;
  let pending: Word[] = [];
  while (word && run.length + pending.length < RUN_WORDS_MAX) {
    const isInitial = word.lower.length === 1 && word.shape === 'capital';
    if (has(word, Is.PARTICLE) && (word.shape === 'lower' || run.length > 0) && word.lower.length <= 3 && !isInitial) {
      if (run.length === 0 || pending.length === PARTICLES_MAX) break;
      pending.push(word);
    } else if (isNamedOutright(reader, word, run)) run.push(word);
    else if (isInitial ? run.length > 0 || reader.char(word.end) === '.' : isPart(reader, word, run, sure)) {
      run.push(...pending, word);
      pending = [];
      if (word.lower.endsWith("'s")) break;
    } else break;
    word = reader.after(word, isInitial ? INITIAL_GAP : GAP);
  }
  return run.every(({ lower }) => lower.length === 1) ? [] : run;
}

/** After "my name is" even an English word is a name. */
function isNamedOutright(reader: Reader, word: Word, run: readonly Word[]): boolean {
  return (
    run.length === 0 && isCapital(word) && !has(word, Is.COMMON) && POSSESSED_NAME.test(reader.behind(word.start, 32))
  );
}

function isPart(reader: Reader, word: Word, run: readonly Word[], sure: boolean): boolean {
  if (!isCapital(word) || isCodeLike(reader, word)) return false;
  if (has(word, Is.COMMON)) return sure && run.length === 1 && has(word, Is.LAST_NAME);
  if (isUnknown(word) || has(word, Is.FIRST_NAME | Is.LAST_NAME)) return true;
  // A surname may be an English word: after a name it is one.
  return (
    run.length > 0 &&
    run.length < 3 &&
    run.some((part) => has(part, Is.FIRST_NAME | Is.SURE) || isUnknown(part)) &&
    !has(word, Is.MONTH | Is.WEEKDAY | Is.ORGANISATION_ENDING)
  );
}

/** How much a word speaks for a name: 3 alone is enough, 0 is an English word. */
function weightOf(word: Word): number {
  if (has(word, Is.SURE) && has(word, Is.FIRST_NAME)) return 3;
  if (isUnknown(word)) return has(word, Is.FIRST_NAME) ? 3 : 2;
  return has(word, Is.FIRST_NAME | Is.LAST_NAME) && !has(word, Is.TECHNICAL) ? 1 : 0;
}

function isName(reader: Reader, run: readonly Word[], level: number): boolean {
  const first = run[0]!;
  const real = run.filter(({ lower }) => lower.length > 1);
  if (real.length === 1 && run.length === 1) return isSingleName(reader, first, level);
  const weight = real.reduce((sum, word) => sum + weightOf(word), 0);
  if (weight >= 3) return level === 2 || !real.every(({ shape, lower }) => shape === 'upper' && lower.length < 4);
  const isMixed =
    weight === 1 &&
    has(first, Is.FIRST_NAME) &&
    run.length === 2 &&
    /\p{L} $/u.test(reader.behind(first.start, 2)) &&
    isLowerBefore(reader, first.start);
  return isMixed || (weight === 2 && (level === 2 || !startsSentence(reader, first.start) || run.length > real.length));
}

function isSingleName(reader: Reader, word: Word, level: number): boolean {
  if (word.lower.replace(/'s$/, '').length < 3) return false;
  const weight = weightOf(word);
  const isAcronym = word.shape === 'upper' && word.lower.length <= 5;
  if (isAcronym && level < 2) return false;
  if (weight === 3) return true;
  if (weight === 0) return false;
  const speaks = SPEECH_AFTER.test(reader.ahead(word.end, 16));
  const behind = reader.behind(word.start, 14);
  if (weight === 1)
    return (
      (speaks && has(word, Is.FIRST_NAME)) ||
      isListed(reader, word) ||
      (has(word, Is.FIRST_NAME) && PERSON_BEFORE.test(behind))
    );
  if (level === 2 || speaks) return true;
  return word.lower.length > 3 && !isHeading(reader, word);
}

/** Whether the word before begins in lower case: then a capital is not due to a title or a sentence. */
function isLowerBefore(reader: Reader, start: number): boolean {
  return /(?:^|[ \n("])\p{Ll}[\p{Ll}']* $/u.test(reader.text.slice(Math.max(0, start - 20), start));
}

/** Among other names: "Kónya, Becker and Vasquez". */
function isListed(reader: Reader, word: Word): boolean {
  const before = /(\p{Lu}\p{Ll}+)(?:,|,? and) $/u.exec(
    reader.text.slice(Math.max(0, word.start - 24), word.start),
  )?.[1];
  const next = reader.after(word, /^(?:, | and )/);
  const isNamed = (one: Word | undefined): boolean => isCapital(one) && weightOf(one) > 1;
  const other = before === undefined ? undefined : reader.known(before.toLowerCase());
  return (other !== undefined && (other & (Is.DICTIONARY | Is.COMMON | Is.TECHNICAL)) === 0) || isNamed(next);
}

/** A word of Markdown's frame rather than of a sentence: a heading, an entry of a list, a cell, a label. */
function isHeading(reader: Reader, word: Word): boolean {
  return (
    /(?:^|\n)[ \t]{0,4}(?:#{1,6}|[-*+|]|\d{1,2}[.)])[ *[]{1,3}$/.test(reader.behind(word.start, 12)) ||
    reader.char(word.end) === ']'
  );
}
