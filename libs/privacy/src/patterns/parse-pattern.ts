import { MeshError } from '@signalbox/kernel';
import { fold } from '../fold/fold.js';

/** A stretch of UTF-16 units, both ends inclusive. */
export type UnitRange = readonly [first: number, last: number];

export type PatternNode =
  | { kind: 'set'; ranges: readonly UnitRange[] }
  | { kind: 'row'; items: readonly PatternNode[] }
  | { kind: 'choice'; options: readonly PatternNode[] }
  | { kind: 'repeat'; item: PatternNode; min: number; max: number };

const REPEAT_MAX = 64;
const DEPTH_MAX = 16;
const DIGITS: readonly UnitRange[] = [[0x30, 0x39]];
const LETTERS: readonly UnitRange[] = [[0x61, 0x7a]];
/** Have a meaning elsewhere, so they must be escaped here: what looks like a regular expression must not mean less. */
const RESERVED = new Set([...'.*+^$[](){}|?\\']);

/**
 * Reads a pattern: characters, `\d` (digit), `\a` (letter a–z), sets such as `[a-f0-9-]`, groups and choices `(ab|cd)`, and
 * after any of them `?`, `{n}` or `{n,m}`. Everything has an upper bound, so every text is read in linear time.
 * Case does not matter. REQUEST_INVALID says what is wrong and where.
 */
export function parsePattern(pattern: string): PatternNode {
  const parser = new Parser(pattern);
  const node = parser.choice(0);
  parser.assertEnd();
  return node;
}

class Parser {
  #at = 0;

  constructor(private readonly text: string) {}

  choice(depth: number): PatternNode {
    if (depth > DEPTH_MAX) throw this.#fault(`groups are nested deeper than ${DEPTH_MAX}`);
    const options = [this.#row(depth)];
    while (this.#take('|')) options.push(this.#row(depth));
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  assertEnd(): void {
    if (this.#at < this.text.length) throw this.#fault('a group is closed that was not opened');
  }

  #row(depth: number): PatternNode {
    const items: PatternNode[] = [];
    while (this.#at < this.text.length && !')|'.includes(this.text[this.#at]!)) items.push(this.#repeated(depth));
    if (items.length === 0) throw this.#fault('there is nothing to match');
    return { kind: 'row', items };
  }

  #repeated(depth: number): PatternNode {
    const item = this.#atom(depth);
    if (this.#take('?')) return { kind: 'repeat', item, min: 0, max: 1 };
    if ('*+'.includes(this.text[this.#at] ?? ' '))
      throw this.#fault(`${this.text[this.#at]} has no upper bound; write {n,m}`);
    if (!this.#take('{')) return item;
    const [, low = '', comma, high = ''] = /^(\d{1,3})(,(\d{1,3}))?\}/.exec(this.text.slice(this.#at)) ?? [];
    if (low === '') throw this.#fault('a count is {n} or {n,m}, both given');
    const min = Number(low);
    const max = comma === undefined ? min : Number(high);
    if (max < min || max < 1 || max > REPEAT_MAX) throw this.#fault(`a count goes up, from 1 to ${REPEAT_MAX} at most`);
    this.#at = this.text.indexOf('}', this.#at) + 1;
    return { kind: 'repeat', item, min, max };
  }

  #atom(depth: number): PatternNode {
    if (this.#take('(')) {
      if (this.text[this.#at] === '?') throw this.#fault('a group is only ( … )');
      const inner = this.choice(depth + 1);
      if (!this.#take(')')) throw this.#fault('a group is not closed');
      return inner;
    }
    if (this.#take('[')) return { kind: 'set', ranges: this.#set() };
    if (this.#take('\\')) return { kind: 'set', ranges: this.#escaped() };
    const char = this.text[this.#at]!;
    if (RESERVED.has(char)) throw this.#fault(`${char} must be written \\${char}`);
    this.#at += 1;
    // As text is read: in lower case, without marks, a ligature as its letters.
    const units = Array.from({ length: fold(char).lower.length }, (_, at) => fold(char).lower.charCodeAt(at));
    const items = units.map((unit): PatternNode => ({ kind: 'set', ranges: [[unit, unit]] }));
    if (items.length === 0) throw this.#fault('a character is none that text is read by');
    return items.length === 1 ? items[0]! : { kind: 'row', items };
  }

  #set(): UnitRange[] {
    if (this.text[this.#at] === '^') throw this.#fault('a set says what it holds, not what it lacks');
    const ranges: UnitRange[] = [];
    while (!this.#take(']')) {
      if (this.#at >= this.text.length) throw this.#fault('a set is not closed');
      if (this.#take('\\')) {
        ranges.push(...this.#escaped());
        continue;
      }
      const first = this.text.charCodeAt(this.#at);
      const isRange = this.text[this.#at + 1] === '-' && (this.text[this.#at + 2] ?? ']') !== ']';
      const last = isRange ? this.text.charCodeAt(this.#at + 2) : first;
      if (last < first || (this.text[this.#at + 2] === '\\' && isRange)) throw this.#fault('a range in a set goes up');
      this.#at += isRange ? 3 : 1;
      if (last > 0x7f) throw this.#fault('a set holds ASCII; write (ä|ö) for other characters');
      ranges.push(...bothCases(first, last));
    }
    if (ranges.length === 0) throw this.#fault('a set is empty');
    return ranges;
  }

  #escaped(): readonly UnitRange[] {
    const char = this.text[this.#at];
    if (char === undefined) throw this.#fault('nothing follows \\');
    this.#at += 1;
    if (char === 'd') return DIGITS;
    if (char === 'a') return LETTERS;
    if (/[\p{L}\p{N}]/u.test(char)) throw this.#fault(`there is no \\${char}; there are \\d and \\a`);
    return [[char.charCodeAt(0), char.charCodeAt(0)]];
  }

  #take(char: string): boolean {
    if (this.text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #fault(what: string): MeshError {
    return new MeshError('REQUEST_INVALID', `pattern: ${what} (at character ${this.#at + 1})`, {
      details: { fields: ['pattern'] },
    });
  }
}

/** Text is read in lower case. */
function bothCases(first: number, last: number): UnitRange[] {
  const from = Math.max(first, 0x41);
  const to = Math.min(last, 0x5a);
  return from > to
    ? [[first, last]]
    : [
        [first, last],
        [from + 0x20, to + 0x20],
      ];
}

/** Fewest and most characters that a pattern matches. */
export function lengthsOf(node: PatternNode): readonly [min: number, max: number] {
  switch (node.kind) {
    case 'set':
      return [1, 1];
    case 'row': {
      const all = node.items.map(lengthsOf);
      return [all.reduce((sum, [min]) => sum + min, 0), all.reduce((sum, [, max]) => sum + max, 0)];
    }
    case 'choice': {
      const all = node.options.map(lengthsOf);
      return [Math.min(...all.map(([min]) => min)), Math.max(...all.map(([, max]) => max))];
    }
    case 'repeat': {
      const [min, max] = lengthsOf(node.item);
      return [min * node.min, max * node.max];
    }
  }
}
