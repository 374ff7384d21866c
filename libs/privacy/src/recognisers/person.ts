import { MeshError } from '@signalbox/kernel';
import { isWord } from '../fold/chars.js';
import { fold, type Folded } from '../fold/fold.js';
import type { Candidate, Recogniser } from '../recogniser.js';

const NAMES_MAX = 64;
const NAME_CHARS_MAX = 200;
const WORD_CHARS_MAX = 64;
/** Words of one span; a longer row of names makes several. */
const RUN_WORDS_MAX = 6;
const GAPS = /^(?:[ \-.'_]|[.-] | -)$/;
const WORD = /[\p{L}\p{N}]+/gu;
const HAS_LETTER = /\p{L}/u;

/** Part of a name only between other parts. */
const PARTICLES = new Set(
  'von vom van de den der del della di da dos das du la le el al af av zu zum zur ter ten bin ibn y und and'.split(' '),
);
/** Given names that are everyday words: alone they count only with a capital. */
const ALSO_WORDS = new Set(
  'an art bill chase chance christian dawn dean drew faith frank gene grace grant guy hope hunter iris jack joy june lance mark max may miles nick norm olive pat rich rob rose ruby sky so sue summer will'.split(
    ' ',
  ),
);
const TRANSLITERATIONS: readonly (readonly [RegExp, string])[] = [
  [/\u00e4|\u00e6/g, 'ae'],
  [/\u00f6|\u00f8/g, 'oe'],
  [/\u00fc/g, 'ue'],
  [/\u00e5/g, 'aa'],
];

/** A word of the text that is part of a name; `end` leaves out the s of a German or Nordic genitive. */
interface NameWord extends Candidate {
  word: string;
}

/** The names of one caller and their parts, and nobody else's. REQUEST_INVALID if there are too many or too long ones. */
export class PersonRecogniser implements Recogniser {
  readonly id = 'profile-names';
  readonly class = 'PERSON';
  readonly tier = 3;
  readonly reach: number;
  private readonly words = new Set<string>();
  private readonly prefixes = new Set<string>();
  private readonly whole = new Set<string>();
  private readonly wordCharsMax: number;

  constructor(names: readonly string[]) {
    if (names.length > NAMES_MAX || names.some((name) => name.length > NAME_CHARS_MAX)) {
      throw new MeshError(
        'REQUEST_INVALID',
        `A profile holds at most ${NAMES_MAX} names of ${NAME_CHARS_MAX} characters.`,
      );
    }
    for (const name of names) {
      const lower = name.normalize('NFC').toLowerCase();
      this.add(lower);
      this.add(TRANSLITERATIONS.reduce((text, [from, to]) => text.replace(from, to), lower));
    }
    this.wordCharsMax = Math.max(0, ...Array.from(this.words, (word) => word.length));
    this.reach = RUN_WORDS_MAX * (this.wordCharsMax + 3) + 4;
  }

  next(text: Folded, from: number, limit: number): Candidate | undefined {
    if (this.words.size === 0) return undefined;
    let at = from;
    // A cut inside a word makes no new word.
    while (at < limit && isWord(text.lower.charCodeAt(at)) && isWord(text.lower.charCodeAt(at - 1))) at += 1;
    while (at < limit) {
      if (!isWord(text.lower.charCodeAt(at))) {
        at += 1;
        continue;
      }
      const found = this.runAt(text, at, limit);
      if (found) return found;
      at = wordEnd(text.lower, at, limit);
    }
    return undefined;
  }

  openFrom({ lower }: Folded, end: number): number {
    if (this.words.size === 0) return end;
    let open = end;
    const partial = wordStart(lower, end, this.wordCharsMax + 2);
    if (partial === undefined) return end;
    if (partial < end) {
      const word = lower.slice(partial, end);
      if (!this.prefixes.has(word) && !this.words.has(word.slice(0, -1))) return end;
      open = partial;
    }
    for (let words = 0; words < 4 * RUN_WORDS_MAX; words += 1) {
      const before = this.wordBefore(lower, open);
      if (before === undefined) return open;
      open = before;
    }
    return 0;
  }

  private add(name: string): void {
    const words =
      fold(name)
        .lower.match(WORD)
        ?.filter((word) => word.length <= WORD_CHARS_MAX && HAS_LETTER.test(word)) ?? [];
    for (const word of words) {
      this.words.add(word);
      for (let length = 1; length <= word.length; length += 1) this.prefixes.add(word.slice(0, length));
    }
    if (words.length > 1 || (words[0]?.length ?? 0) > 1) this.whole.add(words.join(' '));
  }

  /** Start of the name word that a span ending at `end` could go on from, over one gap. */
  private wordBefore(lower: string, end: number): number | undefined {
    for (const gap of [1, 2]) {
      if (end < gap || !isGapSoFar(lower.slice(end - gap, end))) continue;
      const start = wordStart(lower, end - gap, this.wordCharsMax + 2);
      if (start !== undefined && start < end - gap && this.words.has(lower.slice(start, end - gap))) return start;
    }
    return undefined;
  }

  private runAt(text: Folded, start: number, limit: number): Candidate | undefined {
    const run: NameWord[] = [];
    let at = start;
    while (run.length < RUN_WORDS_MAX) {
      const found = this.wordAt(text.lower, at, limit);
      if (!found) break;
      run.push(found);
      if (isWord(text.lower.charCodeAt(found.end))) break;
      const next = afterGap(text.lower, found.end, limit);
      if (next === undefined) break;
      at = next;
    }
    // From the longest: a whole name as the profile has it, or a stretch that starts and ends with a telling part.
    for (let count = run.length; count > 0; count -= 1) {
      const part = run.slice(0, count);
      const last = part.at(-1);
      const isWhole = count > 1 && this.whole.has(part.map(({ word }) => word).join(' '));
      if (last && (isWhole || (this.tells(text, part[0]) && this.tells(text, last)))) return { start, end: last.end };
    }
    return undefined;
  }

  private wordAt(lower: string, start: number, limit: number): NameWord | undefined {
    const end = wordEnd(lower, start, Math.min(lower.length, start + this.wordCharsMax + 2));
    if (isWord(lower.charCodeAt(end))) return undefined;
    const word = lower.slice(start, end);
    const found = this.words.has(word) ? word : word.slice(0, -1);
    const isGenitive = found !== word && word.endsWith('s') && found.length >= 3 && this.words.has(found);
    if (found !== word && !isGenitive) return undefined;
    const nameEnd = start + found.length;
    return nameEnd > start && nameEnd <= limit ? { start, end: nameEnd, word: found } : undefined;
  }

  private tells({ text, lower }: Folded, found: NameWord | undefined): boolean {
    if (!found || found.word.length < 2) return false;
    if (PARTICLES.has(found.word)) return this.whole.has(found.word);
    return !ALSO_WORDS.has(found.word) || text[found.start] !== lower[found.start];
  }
}

function wordEnd(lower: string, start: number, limit: number): number {
  let end = start;
  while (end < limit && isWord(lower.charCodeAt(end))) end += 1;
  return end;
}

/** Start of the word that ends at `end` (`end` itself if none does), or nothing if it is longer than any name. */
function wordStart(lower: string, end: number, charsMax: number): number | undefined {
  let start = end;
  while (start > 0 && isWord(lower.charCodeAt(start - 1))) {
    start -= 1;
    if (end - start > charsMax) return undefined;
  }
  return start;
}

function afterGap(lower: string, end: number, limit: number): number | undefined {
  for (const gap of [1, 2]) {
    const next = end + gap;
    if (next < limit && GAPS.test(lower.slice(end, next)) && isWord(lower.charCodeAt(next))) return next;
  }
  return undefined;
}

function isGapSoFar(gap: string): boolean {
  return GAPS.test(gap);
}
