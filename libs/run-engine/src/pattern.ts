/** A set of places in a text: a number with a bit for each. */
type Places = bigint;
/** From where a part of a pattern may begin to where it may end. */
type Part = (from: Places, text: Text) => Places;

const ATOM = /\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|x..|c.|.)|./suy;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/uy;
const PATTERN_CHARS_MAX = 256;
const PATTERN_REPEATS_MAX = 3;

/**
 * No group that repeats, no back reference or look-around, few repetitions. It is what releases before take, too: a call is
 * judged as it was then.
 */
export function isSafePattern(pattern: string): boolean {
  if (pattern.length > PATTERN_CHARS_MAX) return false;
  const bare = pattern.replaceAll(/\\[^1-9k]/gu, 'x').replaceAll(/\[[^\]]*\]/gu, 'x');
  if (/\\|\(\?[^:]|\)[*+{]/u.test(bare)) return false;
  if ((bare.match(/[*+]|\{\d*,\d*\}/gu) ?? []).length > PATTERN_REPEATS_MAX) return false;
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
}

/**
 * A pattern of a schema. Whatever it and the text are, a match takes at most a move for each of its characters at each
 * place; a regular expression of the language goes back for every choice, and `^(?:a|a)(?:a|a)…$` takes it twice as long
 * with each group more. Here all places are followed at once, so none is looked at again for another way to it (after
 * Thompson, 1968). Without back references and look-around that tells the same.
 */
export class Pattern {
  readonly #whole: Part;

  private constructor(pattern: string) {
    this.#whole = new Reader(pattern).choice();
  }

  /** Null where `isSafePattern` says no. */
  static of(pattern: unknown): Pattern | null {
    return typeof pattern === 'string' && isSafePattern(pattern) ? new Pattern(pattern) : null;
  }

  /** Whether it matches anywhere in the text. `moves`: how many sets of places that took. */
  tryOn(text: string): { matches: boolean; moves: number } {
    const tried = new Text(text);
    const everywhere = tried.where('', () => true);
    return { matches: this.#whole(everywhere, tried) !== 0n, moves: tried.moves };
  }
}

class Text {
  moves = 0;
  /** By code points, as patterns with the flag `u` read it. */
  readonly #chars: readonly string[];
  readonly #known = new Map<string, Places>();

  constructor(text: string) {
    this.#chars = Array.from(text);
  }

  /** The places that have this before and behind them; the same for the same `name`. */
  where(name: string, holds: (before: string | undefined, behind: string | undefined) => boolean): Places {
    this.moves += 1;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const digits = Array.from({ length: this.#chars.length + 1 }, (_, at) =>
      holds(this.#chars[at - 1], this.#chars[at]) ? '1' : '0',
    );
    const places = BigInt(`0b${digits.toReversed().join('')}`);
    this.#known.set(name, places);
    return places;
  }
}

/** Reads a pattern that is known to be one. */
class Reader {
  #at = 0;

  constructor(private readonly pattern: string) {}

  choice(): Part {
    const ways = [this.#row()];
    while (this.#takes('|')) ways.push(this.#row());
    return (from, text) => ways.reduce((ends, way) => ends | way(from, text), 0n);
  }

  #row(): Part {
    const parts: Part[] = [];
    while (this.#at < this.pattern.length && !'|)'.includes(this.pattern[this.#at]!)) parts.push(this.#repeated());
    return (from, text) => parts.reduce((places, part) => (places === 0n ? places : part(places, text)), from);
  }

  #repeated(): Part {
    const part = this.#part();
    const found = this.#match(QUANTIFIER);
    if (found === null) return part;
    const [, sign, least, comma, most] = found;
    if (sign !== undefined) return repeated(part, sign === '+' ? 1 : 0, sign === '?' ? 1 : Number.POSITIVE_INFINITY);
    return repeated(part, Number(least), most === '' ? Number.POSITIVE_INFINITY : Number(comma ? most : least));
  }

  #part(): Part {
    if (!this.#takes('(?:') && !this.#takes('(')) return single(this.#match(ATOM)![0]);
    const inner = this.choice();
    this.#takes(')');
    return inner;
  }

  #takes(sign: string): boolean {
    if (!this.pattern.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  #match(what: RegExp): RegExpExecArray | null {
    what.lastIndex = this.#at;
    const found = what.exec(this.pattern);
    this.#at += found?.[0].length ?? 0;
    return found;
  }
}

const isWord = (char = ''): boolean => /^\w$/u.test(char);
const ASSERTIONS: Record<string, (before: string | undefined, behind: string | undefined) => boolean> = {
  '^': (before) => before === undefined,
  $: (_before, behind) => behind === undefined,
  [String.raw`\b`]: (before, behind) => isWord(before) !== isWord(behind),
  [String.raw`\B`]: (before, behind) => isWord(before) === isWord(behind),
};

/** An assertion, or what stands for one character. */
function single(source: string): Part {
  const holds = Object.hasOwn(ASSERTIONS, source) ? ASSERTIONS[source] : undefined;
  if (holds !== undefined) return (from, text) => from & text.where(source, holds);
  const one = new RegExp(`^${source}$`, 'u');
  const isOne = (_before: string | undefined, behind?: string): boolean => behind !== undefined && one.test(behind);
  return (from, text) => (from & text.where(source, isOne)) << 1n;
}

/** Ends once another round leads nowhere new: each goes on by a character, so that is after as many as the text has. */
function repeated(part: Part, least: number, most: number): Part {
  return (from, text) => {
    let places = from;
    for (let round = 0; round < least && places !== 0n; round++) places = part(places, text);
    let ends = places;
    for (let round = least; round < most && places !== 0n; round++) {
      places = part(places, text) & ~ends;
      ends |= places;
    }
    return ends;
  };
}
