import type { DataClass } from '@signalbox/contracts';
import { isWord } from '../fold/chars.js';
import { fold, type Folded } from '../fold/fold.js';
import type { Candidate, Recogniser } from '../recogniser.js';

export interface KnownValue {
  class: DataClass;
  value: string;
}

interface Known {
  class: DataClass;
  lower: string;
  /** The longest other value that it begins with. */
  within: Known | undefined;
}

/** Written without spaces, so that a value may stand between other letters. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/**
 * Values that are known before the text is read, wherever it says them: no cue and no validator is needed. What a tool was
 * given goes before all others, so that it comes back as the tokens that it was. What a model found is read with the
 * words: it takes nothing from what has a shape.
 */
export class KnownValues implements Recogniser {
  readonly id: 'revealed' | 'model';
  readonly class: DataClass;
  readonly also: readonly DataClass[];
  readonly tier: 0 | 4;
  readonly reach: number;
  /** In order, so that all values that a text goes on with are ancestors of the last one that is not after it. */
  readonly #values: readonly Known[];
  readonly #heads: ReadonlySet<number>;
  readonly #charsMax: number;

  constructor(values: readonly KnownValue[], by: 'revealed' | 'model' = 'revealed') {
    this.id = by;
    this.tier = by === 'revealed' ? 0 : 4;
    const classes = new Map<string, DataClass>();
    for (const { class: name, value } of values) {
      const { lower } = fold(value);
      if (lower !== '' && !classes.has(lower)) classes.set(lower, name);
    }
    this.#values = inOrder(classes);
    this.#heads = new Set(Array.from(classes.keys(), (lower) => lower.charCodeAt(0)));
    this.#charsMax = Math.max(0, ...Array.from(classes.keys(), (lower) => lower.length));
    this.class = values[0]?.class ?? 'PERSON';
    this.also = values.map((one) => one.class);
    this.reach = 1 + this.#charsMax;
  }

  next({ lower }: Folded, from: number, limit: number): Candidate | undefined {
    for (let at = from; at < limit; at += 1) {
      if (!this.#heads.has(lower.charCodeAt(at)) || joins(lower, at)) continue;
      const ahead = lower.slice(at, Math.min(limit, at + this.#charsMax));
      for (let one = this.#lastUpTo(ahead); one; one = one.within) {
        const end = at + one.lower.length;
        if (ahead.startsWith(one.lower) && !joins(lower, end)) return { start: at, end, class: one.class };
      }
    }
    return undefined;
  }

  #lastUpTo(text: string): Known | undefined {
    let [low, high] = [0, this.#values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#values[middle]?.lower ?? '') <= text) low = middle + 1;
      else high = middle;
    }
    return this.#values[low - 1];
  }

  openFrom(_: Folded, end: number): number {
    return Math.max(0, end - this.reach);
  }
}

function joins(lower: string, at: number): boolean {
  return (
    isWord(lower.charCodeAt(at - 1)) && isWord(lower.charCodeAt(at)) && !UNSPACED.test(lower.slice(at - 1, at + 1))
  );
}

function inOrder(classes: ReadonlyMap<string, DataClass>): Known[] {
  let last: Known | undefined;
  return Array.from(classes.keys())
    .toSorted()
    .map((lower) => {
      while (last && !lower.startsWith(last.lower)) last = last.within;
      last = { class: classes.get(lower) ?? 'PERSON', lower, within: last };
      return last;
    });
}
