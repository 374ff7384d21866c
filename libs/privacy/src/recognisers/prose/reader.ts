import { isDigit, isWord } from '../../fold/chars.js';
import type { Folded } from '../../fold/fold.js';
import { Is, theLexicon } from '../../lexicon/features.js';

/** Characters from a candidate's start that are looked at. */
export const PROSE_REACH = 200;
export const BEHIND_CHARS_MAX = 60;
const LETTER_APOSTROPHE = 0x27;
/** A longer one is no word. */
const WORD_CHARS_MAX = 40;
const WORDS_KEPT = 256;
const GAP_CHARS_MAX = 6;

export interface Word {
  start: number;
  end: number;
  lower: string;
  features: number;
  /** As typed: how the word begins, or that it is all capitals. */
  shape: 'lower' | 'capital' | 'upper' | 'mixed' | 'number' | 'code';
  /** Whether it stands among marks of code, and what stands after it, once somebody asked. */
  isCode?: boolean;
  gap?: string;
}

/**
 * Reads words from one start on, never further than `PROSE_REACH`, and remembers whether it looked beyond the end of the
 * text: then more text could change what it saw.
 */
export class Reader {
  touched = false;
  readonly text: string;
  readonly lower: string;
  private stop = 0;
  /** The answer to the last question, for rows of words are asked the same one. */
  private lastGap: RegExp | undefined;
  private lastBetween = '';
  private lastLength = 0;
  /** Words read before, by their start: several rules read the same ones. */
  private readonly words: (Word | undefined)[] = [];

  constructor(folded: Folded) {
    this.text = folded.text;
    this.lower = folded.lower;
  }

  /** To be called before anything is read. */
  begin(start: number): void {
    this.touched = false;
    this.stop = start + PROSE_REACH;
  }

  unit(at: number): number {
    if (at >= this.stop) return 0;
    if (at >= this.lower.length) {
      this.touched = true;
      return 0;
    }
    return this.lower.charCodeAt(at);
  }

  /** What is known of another word. */
  known(lower: string): number {
    return theLexicon().featuresOf(lower);
  }

  char(at: number): string {
    const unit = this.unit(at);
    return unit === 0 ? '\0' : String.fromCharCode(unit);
  }

  /** The next characters, lower-case; shorter at the end. */
  ahead(at: number, count: number): string {
    const end = Math.min(at + count, this.stop);
    if (end > this.lower.length) this.touched = true;
    return this.lower.slice(at, Math.min(end, this.lower.length));
  }

  /** What stands before, lower-case, at most 60 characters. */
  behind(at: number, count = BEHIND_CHARS_MAX): string {
    return this.lower.slice(Math.max(0, at - count), at);
  }

  /** The word that starts here: letters and digits, with an apostrophe between letters. */
  word(start: number): Word | undefined {
    const known = this.words[start % WORDS_KEPT];
    if (known?.start === start && known.end + 1 < this.stop) return known;
    let end = start;
    for (;;) {
      const unit = this.unit(end);
      if (isWord(unit)) end += 1;
      else if (
        unit === LETTER_APOSTROPHE &&
        end > start &&
        isLetter(this.unit(end + 1)) &&
        isLetter(this.unit(end - 1))
      )
        end += 1;
      else break;
    }
    if (end === start) return undefined;
    const lower = this.lower.slice(start, end);
    const features = end - start > WORD_CHARS_MAX ? 0 : theLexicon().featuresOf(lower.replace(/'s$/, ''));
    const word: Word = { start, end, lower, features, shape: shapeOf(this.text.slice(start, end), lower) };
    // One that was cut short by the text's end or by our own reach is read anew next time.
    if (end + 1 < Math.min(this.stop, this.lower.length)) this.words[start % WORDS_KEPT] = word;
    return word;
  }

  /** The word after this one, over one gap that `gap` allows. */
  after(word: Word, gap: RegExp): Word | undefined {
    let between = word.gap;
    const isInside = word.end + GAP_CHARS_MAX + 1 < Math.min(this.stop, this.lower.length);
    if (between === undefined || !isInside) {
      between = this.gapAt(word.end);
      if (isInside) word.gap = between;
    }
    if (gap !== this.lastGap || between !== this.lastBetween) {
      this.lastGap = gap;
      this.lastBetween = between;
      this.lastLength = gap.exec(between)?.[0].length ?? 0;
    }
    return this.lastLength === 0 ? undefined : this.word(word.end + this.lastLength);
  }

  /** All that stands between this place and the next word, at most six characters. */
  gapAt(at: number): string {
    let end = at;
    while (end - at < GAP_CHARS_MAX && !isWord(this.unit(end)) && this.unit(end) !== 0) end += 1;
    return this.lower.slice(at, end);
  }
}

const isLetter = (unit: number): boolean => isWord(unit) && !isDigit(unit);

/** Mac, Mc, O' and De begin names with a second capital. */
const TWO_CAPITALS = /^(?:(?:Mc|Mac|De|Di|Du|Le|La|Van|Fitz|O'|D'|L')\p{Lu}\p{Ll}+|\p{Lu}\p{Ll}+'\p{Lu}\p{Ll}+)$/u;

function shapeOf(text: string, lower: string): Word['shape'] {
  if (text === lower) return /^\d+$/.test(text) ? 'number' : /\d/.test(text) ? 'code' : 'lower';
  if (/\d/.test(text)) return 'code';
  if (text.length > 1 && text === text.toUpperCase()) return 'upper';
  if (text.slice(1) === lower.slice(1) || TWO_CAPITALS.test(text)) return 'capital';
  return text.endsWith("'S") ? 'upper' : 'mixed';
}

export const has = (word: Word | undefined, bits: number): boolean =>
  word !== undefined && (word.features & bits) !== 0;

/** Begins with a capital letter and could be a name. */
export const isCapital = (word: Word | undefined): word is Word & { shape: 'capital' | 'upper' } =>
  word !== undefined && (word.shape === 'capital' || word.shape === 'upper');

/** In no list: neither English nor a technical term. */
export const isUnknown = (word: Word): boolean => !has(word, Is.DICTIONARY | Is.COMMON | Is.TECHNICAL);
