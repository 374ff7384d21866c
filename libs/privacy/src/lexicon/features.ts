import { CITIES } from './data/cities.js';
import { COUNTRIES } from './data/countries.js';
import { DICTIONARY } from './data/dictionary.js';
import { FIRST_NAMES } from './data/first-names.js';
import { LAST_NAMES } from './data/last-names.js';
import * as small from './small-lists.js';
import { unpack, WordFilter } from './word-list.js';

/** What is known of a word, as bits. */
export const Is = {
  DICTIONARY: 1,
  COMMON: 2,
  FIRST_NAME: 4,
  LAST_NAME: 8,
  CITY: 16,
  COUNTRY: 32,
  /** Begins a place of several words. */
  PLACE_START: 64,
  NATIONALITY: 128,
  STREET: 256,
  STREET_OPENING: 512,
  UNIT: 1024,
  ORGANISATION_ENDING: 2048,
  MONTH: 4096,
  WEEKDAY: 8192,
  HONORIFIC: 16_384,
  OCCUPATION: 32_768,
  PARTICLE: 65_536,
  TECHNICAL: 131_072,
  SURE: 262_144,
} as const;

const CACHE_WORDS_MAX = 50_000;
const STREET_ENDING = new RegExp(`\\p{L}{3,}(?:${small.STREET_ENDINGS.join('|')})$`, 'u');
/** Of a word with one of these, what remains is looked up too: "unparsed" is no name. */
const PREFIX =
  /^(?:un|re|non|over|under|out|pre|anti|inter|mis|dis|sub|super|auto|multi|micro|de|co|meta|cross|back)-?(?=\p{L}{4})/u;
const SUFFIX =
  /(?<=\p{L}{3})(?:'s|s|es|ed|d|ing|ly|er|ers|or|ors|able|ably|ness|less|like|ize|ized|izes|izing|ise|ised|isation|ization|izer|ability|wise|ish|y)$/u;

class Lexicon {
  private readonly known = new Map<string, number>();
  private readonly cache = new Map<string, number>();
  private readonly dictionary = new WordFilter(unpack(DICTIONARY));
  /** Places of several words, whole. */
  readonly places = new Set<string>();
  /** Their beginnings, of two words and more. */
  readonly placeStarts = new Set<string>();

  constructor() {
    this.addAll(unpack(FIRST_NAMES), Is.FIRST_NAME);
    this.addAll(unpack(LAST_NAMES), Is.LAST_NAME);
    this.addPlaces(unpack(CITIES), Is.CITY);
    this.addPlaces(unpack(COUNTRIES), Is.COUNTRY);
    this.addAll(small.COMMON, Is.COMMON);
    this.addAll(small.TECHNICAL, Is.TECHNICAL);
    this.addAll(
      small.NATIONALITIES.flatMap((word) => [word, `${word}s`]),
      Is.NATIONALITY,
    );
    this.addAll(small.STREETS, Is.STREET);
    this.addAll(small.STREET_OPENINGS, Is.STREET_OPENING);
    this.addAll(small.UNITS, Is.UNIT);
    this.addAll(small.ORGANISATION_ENDINGS, Is.ORGANISATION_ENDING);
    this.addAll(small.MONTHS, Is.MONTH);
    this.addAll(small.WEEKDAYS, Is.WEEKDAY);
    this.addAll(small.HONORIFICS, Is.HONORIFIC);
    this.addAll(small.OCCUPATIONS, Is.OCCUPATION);
    this.addAll(small.PARTICLES, Is.PARTICLE);
    this.addAll(small.SURE_COUNTRIES, Is.SURE);
    this.addAll(small.SURE_NAMES, Is.SURE);
  }

  /** Bits of a folded, lower-case word. */
  featuresOf(word: string): number {
    const cached = this.cache.get(word);
    if (cached !== undefined) return cached;
    if (this.cache.size >= CACHE_WORDS_MAX) this.cache.clear();
    let bits = this.known.get(word) ?? 0;
    if (this.isEnglish(word)) bits |= Is.DICTIONARY;
    if (STREET_ENDING.test(word)) bits |= Is.STREET;
    this.cache.set(word, bits);
    return bits;
  }

  private isEnglish(word: string): boolean {
    if (this.dictionary.has(word)) return true;
    const stem = word.replace(SUFFIX, '');
    const whole = [stem, stem === word ? '' : `${stem}e`, word.replace(PREFIX, ''), stem.replace(PREFIX, '')];
    return whole.some((form) => form !== word && form.length >= 3 && form.length <= 14 && this.dictionary.has(form));
  }

  private addAll(words: readonly string[], bit: number): void {
    for (const word of words) this.known.set(word, (this.known.get(word) ?? 0) | bit);
  }

  private addPlaces(names: readonly string[], bit: number): void {
    for (const name of names) {
      const words = name.split(/[ -]+/);
      if (words.length === 1) this.addAll([name], bit);
      else {
        const key = words.join(' ');
        this.places.add(key);
        for (let count = 2; count < words.length; count += 1) this.placeStarts.add(words.slice(0, count).join(' '));
        this.addAll(words.slice(0, 1), Is.PLACE_START);
      }
    }
  }
}

let lexicon: Lexicon | undefined;

/** Loaded when first asked for: some 150 ms, and 10 MB. */
export function theLexicon(): Lexicon {
  lexicon ??= new Lexicon();
  return lexicon;
}
