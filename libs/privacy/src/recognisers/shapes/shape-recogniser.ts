import { isDigit, isWord } from '../../fold/chars.js';
import type { Folded } from '../../fold/fold.js';
import type { Candidate, Recogniser } from '../../recogniser.js';
import { digitId } from './digit-ids.js';
import { letterId } from './letter-ids.js';
import { networkId } from './network.js';
import { SHAPE_CHARS_MAX, type Shape, type ShapeWord } from './shape.js';
import type { PiiClass } from '@signalbox/contracts';

const SHAPES: readonly Shape[] = [networkId, digitId, letterId];
/** A number in groups, with what is looked at after it. */
const NUMBER_CHARS_MAX = 52;
/** Of the letters-only words these lengths can be something: the prefix of a NINO, a BIC, a hexadecimal group. */
const LETTERS_MAX = 11;
const MARKS = new Set([...' .-/:'].map((mark) => mark.charCodeAt(0)));
const SPACE = 0x20;

/** National, bank, vehicle and network numbers and crypto addresses: what a word of digits and letters can be. */
export class ShapeRecogniser implements Recogniser {
  readonly id = 'shapes';
  readonly class = 'NATIONAL_ID';
  readonly also = ['DOCUMENT_ID', 'BANK_ID', 'CRYPTO', 'VIN', 'IP', 'MAC'] as const;
  readonly tier = 1;
  readonly reach = SHAPE_CHARS_MAX + 4;

  constructor(private readonly classes: ReadonlySet<PiiClass>) {}

  next(text: Folded, from: number, limit: number): Candidate | undefined {
    const { lower } = text;
    let start = from;
    while (start < limit && isWord(lower.charCodeAt(start)) && isWord(lower.charCodeAt(start - 1))) start += 1;
    while (start < limit) {
      const end = wordEnd(lower, start);
      if (end === start) start += 1;
      else {
        const found = this.at({ text, start, end, limit });
        if (found) return found;
        start = end;
      }
    }
    return undefined;
  }

  openFrom(text: Folded, end: number): number {
    const { lower } = text;
    const floor = Math.max(0, end - SHAPE_CHARS_MAX - 4);
    for (let start = floor; start < end; start += 1) {
      const isStart = isWord(lower.charCodeAt(start)) && !isWord(lower.charCodeAt(start - 1));
      if (!isStart || !goesOn(lower, start, end)) continue;
      if (goesOn(lower, start, lower.length)) return start;
      const found = this.at({ text, start, end: wordEnd(lower, start), limit: lower.length });
      if (found && found.end > end) return start;
    }
    return end;
  }

  private at(word: ShapeWord): Candidate | undefined {
    if (!mayBe(word)) return undefined;
    for (const shape of SHAPES) {
      const found = shape(word);
      if (found && this.classes.has(found.class)) return { start: word.start, end: found.end, class: found.class };
    }
    return undefined;
  }
}

function wordEnd(lower: string, start: number): number {
  let end = start;
  while (isWord(lower.charCodeAt(end))) end += 1;
  return end;
}

function mayBe({ text: { lower }, start, end }: ShapeWord): boolean {
  const length = end - start;
  if (length > SHAPE_CHARS_MAX) return false;
  for (let at = start; at < end; at += 1) if (isDigit(lower.charCodeAt(at))) return true;
  if (length <= 4)
    return lower[end] === ':' || lower[end] === '-' || (length === 2 && isDigit(lower.charCodeAt(end + 1)));
  return length === 8 || length === LETTERS_MAX;
}

/** Whether what starts here and reaches the end may yet become a shape: an unfinished word, or groups that go on. */
function goesOn(lower: string, start: number, end: number): boolean {
  let at = start;
  let isFirst = true;
  let gap = SPACE;
  while (at < end) {
    const from = at;
    let digits = 0;
    while (at < end && isWord(lower.charCodeAt(at))) {
      if (isDigit(lower.charCodeAt(at))) digits += 1;
      at += 1;
    }
    if (at === end && isFirst) return end - start <= SHAPE_CHARS_MAX;
    const length = at - from;
    const isGroup =
      digits > 0 || length === 0 || (isFirst ? length <= LETTERS_MAX : length <= (gap === SPACE ? 1 : 10));
    if (!isGroup || end - start > NUMBER_CHARS_MAX) return false;
    if (at === end) return true;
    gap = lower.charCodeAt(at);
    if (!MARKS.has(gap)) return false;
    // A first word of letters goes on as NINO or address only.
    if (isFirst && digits === 0 && gap === SPACE && length !== 2) return false;
    isFirst = false;
    at += 1;
  }
  return true;
}
