import type { PiiClass } from '@signalbox/contracts';
import { isDigit, isWord } from '../../fold/chars.js';
import type { Folded } from '../../fold/fold.js';
import { Is } from '../../lexicon/features.js';
import type { Candidate, Recogniser } from '../../recogniser.js';
import { wordsBefore } from '../words-before.js';
import { addressAt } from './addresses.js';
import { ageAt, dateAt } from './dates.js';
import { nameAt } from './names.js';
import { occupationAt } from './occupations.js';
import { organisationAt, titleAt } from './organisations.js';
import { nationalityAt, placeAt } from './places.js';
import type { ProseFound } from './prose-found.js';
import { has, PROSE_REACH, Reader, type Word } from './reader.js';

const USERNAME_CUE =
  /(?:^| )(?:username|user name|user-name|login|login name|screen name|screenname|handle|nickname|benutzername|utilisateur|usuario)$/;
const USERNAME = /^[a-z0-9][a-z0-9._-]{2,31}/;
/** Lower-case words that can start something. */
const LOWER_START = Is.COUNTRY | Is.NATIONALITY | Is.STREET_OPENING | Is.UNIT | Is.MONTH | Is.FIRST_NAME;

/** 0 finds what a cue names, 1 all kinds with filters against false alarms, 2 all kinds. */
export type ProseLevel = 0 | 1 | 2;

/** What only its words and their company tell: people, places, addresses, firms, dates, ages. */
export class ProseRecogniser implements Recogniser {
  readonly id = 'prose';
  readonly class = 'PERSON';
  readonly also = [
    'ADDRESS',
    'PLACE',
    'ORGANIZATION',
    'DATE',
    'BIRTH_DATE',
    'AGE',
    'NATIONALITY',
    'TITLE',
    'USERNAME',
  ] as const;
  readonly tier = 4;
  readonly reach = PROSE_REACH;

  constructor(
    private readonly level: ProseLevel,
    private readonly classes: ReadonlySet<PiiClass>,
  ) {}

  next(text: Folded, from: number, limit: number): Candidate | undefined {
    const { lower } = text;
    const reader = new Reader(text);
    let at = from;
    while (at < limit && isWord(lower.charCodeAt(at)) && isWord(lower.charCodeAt(at - 1))) at += 1;
    while (at < limit) {
      if (!isWord(lower.charCodeAt(at))) {
        at += 1;
        continue;
      }
      reader.begin(at);
      const found = this.at(reader, at);
      if (found && found.end <= limit) return this.classes.has(found.class) ? found : { ...found, class: 'PLAIN' };
      while (at < limit && isWord(lower.charCodeAt(at))) at += 1;
    }
    return undefined;
  }

  openFrom(text: Folded, end: number): number {
    const { lower } = text;
    const reader = new Reader(text);
    for (let at = Math.max(0, end - PROSE_REACH); at < end; at += 1) {
      if (!isWord(lower.charCodeAt(at)) || isWord(lower.charCodeAt(at - 1))) continue;
      reader.begin(at);
      const found = this.at(reader, at);
      if (reader.touched || (found && found.end > end)) return at;
    }
    return end;
  }

  private at(reader: Reader, start: number): ProseFound | undefined {
    const word = reader.word(start);
    if (!word) return undefined;
    const username = usernameAt(reader, word);
    if (username) return username;
    if (word.shape === 'lower' && !has(word, LOWER_START)) {
      // Most words of any text: English, and nobody's name.
      if (has(word, Is.DICTIONARY) && word.lower !== 'corner') return undefined;
      const isAddress = word.lower === 'corner' || word.lower === 'p';
      return (isAddress ? addressAt(reader, word, this.level) : undefined) ?? nameAt(reader, word, this.level);
    }
    return this.valueAt(reader, word);
  }

  /** In order of trust; each only looks when those before it found nothing. */
  private valueAt(reader: Reader, word: Word): ProseFound | undefined {
    const { level } = this;
    const isFigure = isDigit(word.lower.charCodeAt(0));
    const value =
      (isFigure ? ageAt(reader, word) : undefined) ?? addressAt(reader, word, level) ?? dateAt(reader, word, level);
    if (value || isFigure || word.shape === 'code') return value;
    if (level === 0) return nameAt(reader, word, level);
    const organisation = organisationAt(reader, word);
    // A person whom somebody works for is still a person where firms are not asked for.
    if (organisation)
      return (this.classes.has('ORGANIZATION') ? undefined : nameAt(reader, word, level)) ?? organisation;
    return (
      placeAt(reader, word) ??
      nationalityAt(word) ??
      occupationAt(reader, word) ??
      nameAt(reader, word, level) ??
      titleAt(reader, word)
    );
  }
}

function usernameAt(reader: Reader, word: Word): ProseFound | undefined {
  if (!isAssigned(reader.lower, word.start) || !USERNAME_CUE.test(wordsBefore(reader.lower, word.start)))
    return undefined;
  const name = USERNAME.exec(reader.ahead(word.start, 34))?.[0].replace(/[.-]+$/, '');
  if (name === undefined || has(word, Is.COMMON)) return undefined;
  return { class: 'USERNAME', start: word.start, end: word.start + name.length };
}

/** After a colon or "is", perhaps with a quote. */
function isAssigned(lower: string, start: number): boolean {
  let at = start - 1;
  if (lower[at] === '"' || lower[at] === "'") at -= 1;
  if (lower[at] === ' ') at -= 1;
  return lower[at] === ':' || (lower[at] === 's' && lower[at - 1] === 'i' && lower[at - 2] === ' ' && at < start - 1);
}
