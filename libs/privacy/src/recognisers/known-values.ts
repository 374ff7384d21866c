import type { DataClass } from '@signalbox/contracts';
import { isWord } from '../fold/chars.js';
import { fold, type Folded } from '../fold/fold.js';
import type { Candidate, Recogniser } from '../recogniser.js';

export interface KnownValue {
  class: DataClass;
  value: string;
}

/**
 * Values that a tool was given, wherever it says them again: no cue and no validator is needed for what is known. Before
 * all others, so that they come back as the tokens that they were.
 */
export class KnownValues implements Recogniser {
  readonly id = 'revealed';
  readonly class: DataClass;
  readonly also: readonly DataClass[];
  readonly tier = 0;
  readonly reach: number;
  readonly #values: readonly { class: DataClass; lower: string }[];

  constructor(values: readonly KnownValue[]) {
    const folded = values.map(({ class: name, value }) => ({ class: name, lower: fold(value).lower }));
    this.#values = folded.filter(({ lower }) => lower !== '').toSorted((a, b) => b.lower.length - a.lower.length);
    this.class = values[0]?.class ?? 'PERSON';
    this.also = values.map((one) => one.class);
    this.reach = 1 + Math.max(0, ...folded.map(({ lower }) => lower.length));
  }

  next({ lower }: Folded, from: number, limit: number): Candidate | undefined {
    let first: Candidate | undefined;
    for (const one of this.#values) {
      for (let at = lower.indexOf(one.lower, from); at >= 0 && at < (first?.start ?? limit);) {
        const end = at + one.lower.length;
        if (end <= limit && !joins(lower, at) && !joins(lower, end)) first = { start: at, end, class: one.class };
        at = lower.indexOf(one.lower, at + 1);
      }
    }
    return first;
  }

  openFrom(_: Folded, end: number): number {
    return Math.max(0, end - this.reach);
  }
}

function joins(lower: string, at: number): boolean {
  return isWord(lower.charCodeAt(at - 1)) && isWord(lower.charCodeAt(at));
}
