import type { PiiClass } from '@signalbox/contracts';
import type { Folded } from '../../fold/fold.js';
import { wordsBefore } from '../words-before.js';

/** Where a shape that starts at a known place ends, and what it is. */
export interface ShapeFound {
  class: PiiClass;
  end: number;
}

/** A word of letters and digits, `[start, end)` of the folded text. */
export interface ShapeWord {
  text: Folded;
  start: number;
  end: number;
  /** Nothing may go beyond. */
  limit: number;
}

/** Looks at most `SHAPE_CHARS_MAX` characters ahead of the word's start, and `LOOKBEHIND_CHARS` behind it. */
export type Shape = (word: ShapeWord) => ShapeFound | undefined;

/** The longest: a bech32 address, or a number with what parts its groups. */
export const SHAPE_CHARS_MAX = 92;

/** A pattern for the words before a value. */
export function cue(words: string): RegExp {
  return new RegExp(String.raw`(?:^| )(?:${words})$`, 'u');
}

export function hasCue({ text, start }: Pick<ShapeWord, 'text' | 'start'>, pattern: RegExp): boolean {
  const words = wordsBefore(text.lower, start);
  return words !== '' && pattern.test(words);
}

/** As typed: no letter is lower-case. */
export function isUpper({ text, start }: ShapeWord, end: number): boolean {
  const part = text.text.slice(start, end);
  return part === part.toUpperCase();
}
