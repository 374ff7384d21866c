import {
  type DataClass,
  PATTERN_TEXT_CHARS_MAX,
  REDACTION_PATTERNS_MAX,
  type RedactionPattern,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { isDigit, isWord } from '../fold/chars.js';
import { fold, type Folded } from '../fold/fold.js';
import type { Candidate, Recogniser } from '../recogniser.js';
import { Automaton, TABLE_STATES_MAX, WRITTEN_STATES_MAX } from './automaton.js';
import { lengthsOf, parsePattern } from './parse-pattern.js';

/** Bounds of what a tenant may look for; characters, but for the first. */
export const PATTERN_LIMITS = {
  patternsMax: REDACTION_PATTERNS_MAX,
  textCharsMax: PATTERN_TEXT_CHARS_MAX,
  matchCharsMin: 3,
  matchCharsMax: 64,
  /** Longest matches of all patterns of a tenant, added up: so many look-ups a character of text at worst. */
  matchCharsSumMax: 256,
  /** How far before a match its words are looked for. */
  wordsWithinChars: 48,
  writtenStatesMax: WRITTEN_STATES_MAX,
  tableStatesMax: TABLE_STATES_MAX,
} as const;

/** REQUEST_INVALID where the pattern cannot be read, or not in linear time and bounded space. */
export function assertPattern(pattern: RedactionPattern): void {
  void new PatternRecogniser(pattern);
}

/** The longest match of a sound pattern, characters. */
export const matchCharsOf = ({ pattern }: RedactionPattern): number => lengthsOf(parsePattern(pattern))[1];

/**
 * A class that a tenant defines. It stands alone: no letter or digit touches either end. What has a validator of ours
 * (cards, IBANs, secrets, …) goes first, so that no pattern can hide it.
 */
export class PatternRecogniser implements Recogniser {
  readonly id: string;
  readonly class: DataClass;
  readonly tier = 2;
  readonly reach: number;
  readonly #automaton: Automaton;
  readonly #words: readonly string[];
  readonly #checksum: RedactionPattern['checksum'];

  constructor({ id, class: name, pattern, words = [], checksum }: RedactionPattern) {
    const node = parsePattern(pattern);
    const [min, max] = lengthsOf(node);
    const { matchCharsMin, matchCharsMax } = PATTERN_LIMITS;
    if (min < matchCharsMin || max > matchCharsMax) {
      throw new MeshError(
        'REQUEST_INVALID',
        `pattern: it matches ${min} to ${max} characters; it must be ${matchCharsMin} to ${matchCharsMax}`,
        { details: { fields: ['pattern'] } },
      );
    }
    this.id = `pattern-${id}`;
    this.class = name;
    this.reach = max + 1;
    this.#automaton = new Automaton(node);
    this.#words = words.map((word) => fold(word).lower);
    this.#checksum = checksum;
  }

  next({ lower }: Folded, from: number, limit: number): Candidate | undefined {
    for (let start = from; start < limit; start += 1) {
      if (joins(lower, start)) continue;
      const { end } = this.#automaton.read(lower, start, limit, ends);
      if (end > start && this.#hasWord(lower, start) && this.#addsUp(lower.slice(start, end))) return { start, end };
    }
    return undefined;
  }

  openFrom({ lower }: Folded, end: number): number {
    for (let start = Math.max(0, end - this.reach); start < end; start += 1)
      if (!joins(lower, start) && this.#automaton.read(lower, start, end, ends).isOpen) return start;
    return end;
  }

  #hasWord(lower: string, start: number): boolean {
    if (this.#words.length === 0) return true;
    const from = Math.max(0, start - PATTERN_LIMITS.wordsWithinChars);
    // A word that the edge cuts is not one.
    const before = lower.slice(joins(lower, from) ? from + 1 : from, start);
    return this.#words.some((word) => {
      for (let at = before.indexOf(word); at >= 0; at = before.indexOf(word, at + 1))
        if (!joins(before, at) && !joins(before, at + word.length)) return true;
      return false;
    });
  }

  #addsUp(match: string): boolean {
    if (this.#checksum === undefined) return true;
    return this.#checksum === 'luhn' ? isLuhn(match) : isMod97(match);
  }
}

/** Whether a word goes on over this place. */
function joins(lower: string, at: number): boolean {
  return isWord(lower.charCodeAt(at - 1)) && isWord(lower.charCodeAt(at));
}

const ends = (lower: string, at: number): boolean => !joins(lower, at);

/** ISO/IEC 7812, over the digits. */
function isLuhn(match: string): boolean {
  const digits = Array.from(match).filter((char) => isDigit(char.charCodeAt(0)));
  const sum = digits.toReversed().reduce((total, char, index) => {
    const value = Number(char) * (index % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits.length > 1 && sum % 10 === 0;
}

/** ISO 7064 mod 97-10, over letters (a is 10) and digits. */
function isMod97(match: string): boolean {
  let rest = 0;
  for (const char of match.replace(/[^a-z0-9]/g, '')) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
