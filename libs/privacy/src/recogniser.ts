import type { DataClass } from '@signalbox/contracts';
import type { Folded } from './fold/fold.js';

/**
 * What a recogniser says a stretch is. A look-alike is text that imitates our own tokens; plain text was recognised as
 * something that is not asked for, and so is nothing else either: Paris is no person.
 */
export type SpanClass = DataClass | 'LOOKALIKE' | 'PLAIN';

/** A stretch of folded text, end exclusive. */
export interface Candidate {
  start: number;
  end: number;
  /** Where a recogniser finds more than one; its own by default. */
  class?: SpanClass;
}

/**
 * Finds one class, or a family of them. Tiers decide who wins where two overlap: a lower tier sees the whole text, a higher one only
 * what is left, with zero characters for the rest; inside a tier the leftmost, then the longest wins.
 *
 * Everything is bounded so that text can be redacted while it streams:
 * whether a candidate starts at `s`, and where it ends, depends on `[s - LOOKBEHIND_CHARS, s + reach)` alone.
 */
export interface Recogniser {
  /** By which what it finds is told. */
  readonly id: string;
  readonly class: DataClass | 'LOOKALIKE';
  /** Other classes that it finds. */
  readonly also?: readonly DataClass[];
  readonly tier: 0 | 1 | 2 | 3 | 4;
  /** Folded characters from a candidate's start that can matter to it: its longest form and what is looked at after it. */
  readonly reach: number;
  /** The first candidate inside `[from, limit)`. Must not look for the next one beyond `limit`: that would be quadratic. */
  next(text: Folded, from: number, limit: number): Candidate | undefined;
  /**
   * The greatest `b <= end` such that nothing that starts before `b` can go beyond `end` or depend on what comes after
   * the text, more of which may follow. A smaller number is always safe, it only holds back more.
   */
  openFrom(text: Folded, end: number): number;
}

/** How far back cues and boundaries are looked for, in folded characters. */
export const LOOKBEHIND_CHARS = 64;
