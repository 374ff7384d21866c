import { MeshError } from '@signalbox/kernel';
import { lengthsOf, type PatternNode, type UnitRange } from './parse-pattern.js';

/** States of what is written out, and of the table made of it; what needs more is refused. */
export const WRITTEN_STATES_MAX = 1_024;
export const TABLE_STATES_MAX = 2_048;
const DEAD = -1;

/** What follows a state without a character, and with one. */
interface Written {
  free: number[];
  ranges: readonly UnitRange[] | null;
  next: number;
}

export interface Reading {
  /** Where the match ends; where it was to begin: there is none. */
  end: number;
  /** The limit was reached: more text could make more of it. */
  isOpen: boolean;
}

/**
 * A pattern as a table: one look-up a character, whatever the text. Built by subset construction (Rabin and Scott, 1959),
 * once, when the pattern is put; REQUEST_INVALID where the table would grow too large.
 */
export class Automaton {
  readonly #bounds: Uint32Array;
  readonly #ascii = new Uint8Array(128);
  readonly #table: Int16Array;
  readonly #accepts: Uint8Array;
  readonly #width: number;
  /** States of the reading under way. */
  readonly #read: Int16Array;

  constructor(node: PatternNode) {
    this.#read = new Int16Array(lengthsOf(node)[1]);
    const { states, end } = writeOut(node);
    this.#bounds = boundsOf(states);
    this.#width = this.#bounds.length + 1;
    for (let unit = 0; unit < 128; unit += 1) this.#ascii[unit] = this.#search(unit);
    const { table, accepts } = this.#determine(states, end);
    this.#table = table;
    this.#accepts = accepts;
  }

  /** The longest match from `start` of those that may end where they do. */
  read(text: string, start: number, limit: number, mayEnd: (text: string, at: number) => boolean): Reading {
    // Fields in locals: this is run for every character of a text, times its longest match.
    const [ascii, table, width, accepts] = [this.#ascii, this.#table, this.#width, this.#accepts];
    const states = this.#read;
    let state = 0;
    let at = start;
    for (; at < limit; at += 1) {
      const unit = text.charCodeAt(at);
      state = table[state * width + (unit < 128 ? ascii[unit]! : this.#search(unit))]!;
      if (state < 0) break;
      states[at - start] = state;
    }
    const isOpen = state >= 0;
    // From the longest on: mostly the first one may.
    while (at > start && !(accepts[states[at - start - 1]!] === 1 && mayEnd(text, at))) at -= 1;
    return { end: at, isOpen };
  }

  /** Characters between two bounds are the same to the pattern. */
  #search(unit: number): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#bounds[middle]! <= unit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #determine(states: readonly Written[], end: number): { table: Int16Array; accepts: Uint8Array } {
    const samples = [0, ...this.#bounds];
    const sets = [closure(states, [0])];
    const known = new Map([[sets[0]!.join(), 0]]);
    const rows: number[] = [];
    for (let at = 0; at < sets.length; at += 1) {
      for (const sample of samples) {
        const reached = sets[at]!.flatMap((state) =>
          covers(states[state]!.ranges, sample) ? [states[state]!.next] : [],
        );
        rows.push(reached.length === 0 ? DEAD : indexOf(closure(states, reached), sets, known));
      }
    }
    return { table: Int16Array.from(rows), accepts: Uint8Array.from(sets, (set) => (set.includes(end) ? 1 : 0)) };
  }
}

function indexOf(set: number[], sets: number[][], known: Map<string, number>): number {
  const key = set.join();
  const index = known.get(key) ?? sets.length;
  if (index === sets.length) {
    if (index >= TABLE_STATES_MAX) throw tooLarge(`its table would have more than ${TABLE_STATES_MAX} states`);
    sets.push(set);
    known.set(key, index);
  }
  return index;
}

function closure(states: readonly Written[], from: readonly number[]): number[] {
  const seen = new Set(from);
  for (const state of seen) for (const next of states[state]!.free) seen.add(next);
  return [...seen].toSorted((a, b) => a - b);
}

const covers = (ranges: readonly UnitRange[] | null, unit: number): boolean =>
  ranges !== null && ranges.some(([first, last]) => first <= unit && unit <= last);

function boundsOf(states: readonly Written[]): Uint32Array {
  const bounds = new Set<number>();
  for (const { ranges } of states)
    for (const [first, last] of ranges ?? []) {
      bounds.add(first);
      bounds.add(last + 1);
    }
  bounds.delete(0);
  return Uint32Array.from(bounds).toSorted();
}

/** Thompson's construction, counts written out. */
function writeOut(node: PatternNode): { states: Written[]; end: number } {
  const states: Written[] = [];
  const add = (): number => {
    if (states.length >= WRITTEN_STATES_MAX)
      throw tooLarge(`written out it has more than ${WRITTEN_STATES_MAX} states`);
    return states.push({ free: [], ranges: null, next: 0 }) - 1;
  };
  const write = (one: PatternNode, from: number): number => {
    switch (one.kind) {
      case 'set': {
        const to = add();
        const through = add();
        states[from]!.free.push(through);
        Object.assign(states[through]!, { ranges: one.ranges, next: to });
        return to;
      }
      case 'row':
        return one.items.reduce((at, item) => write(item, at), from);
      case 'choice': {
        const to = add();
        for (const option of one.options) states[write(option, branch(from))]!.free.push(to);
        return to;
      }
      case 'repeat': {
        let at = from;
        for (let n = 0; n < one.min; n += 1) at = write(one.item, at);
        const to = add();
        states[at]!.free.push(to);
        for (let n = one.min; n < one.max; n += 1) states[(at = write(one.item, branch(at)))]!.free.push(to);
        return to;
      }
    }
  };
  const branch = (from: number): number => {
    const begin = add();
    states[from]!.free.push(begin);
    return begin;
  };
  const begin = add();
  return { states, end: write(node, begin) };
}

function tooLarge(why: string): MeshError {
  return new MeshError('REQUEST_INVALID', `pattern: it can match in too many ways: ${why}`, {
    details: { fields: ['pattern'] },
  });
}
