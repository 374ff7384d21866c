import { decodeEscape } from './decode-escape.js';
import { foldCodePoint } from './fold-code-point.js';
import { joinOffsets, Offsets } from './offsets.js';

/**
 * Text as the recognisers read it, one code point at a time so that it never matters how it was cut:
 * compatibility forms and percent or JSON escapes resolved, marks and invisible characters gone,
 * dashes, spaces and digits of every script as ASCII.
 */
export interface Folded {
  /** Case kept. */
  readonly text: string;
  /** The same in lower case, of the same length. */
  readonly lower: string;
  /** Where the source of each folded character starts and ends in the original. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** This many unseen characters in a row are skipped; one more counts as a line break, which bounds every match. */
export const HIDDEN_RUN_MAX = 16;

const PLAIN = /[\t\n\r\x20-\x24\x26-\x5b\x5d-\x7e]+/y;

/** Folds text that arrives in pieces. What it holds back is at most eleven characters of an unfinished escape. */
export class Folder {
  private pending = '';
  private hidden = 0;
  private offset = 0;

  /** Offsets count from the first character ever pushed. */
  push(chunk: string): Folded {
    return this.fold(this.pending + chunk, false);
  }

  end(): Folded {
    return this.fold(this.pending, true);
  }

  /** Offset of the first character that is not folded yet. */
  get position(): number {
    return this.offset;
  }

  private fold(source: string, last: boolean): Folded {
    const parts: string[] = [];
    const starts = new Offsets(source.length);
    const ends = new Offsets(source.length);
    let at = 0;
    while (at < source.length) {
      PLAIN.lastIndex = at;
      const run = PLAIN.exec(source)?.[0];
      if (run !== undefined) {
        parts.push(run);
        starts.pushRange(this.offset + at, run.length);
        ends.pushRange(this.offset + at + 1, run.length);
        at += run.length;
        this.hidden = 0;
        continue;
      }
      const unit = readUnit(source, at, last);
      if (unit === 'more') break;
      const folded = this.show(unit.codePoint);
      parts.push(folded);
      for (let i = 0; i < folded.length; i += 1) {
        starts.push(this.offset + at);
        ends.push(this.offset + at + unit.length);
      }
      at += unit.length;
    }
    this.pending = source.slice(at);
    this.offset += at;
    const text = parts.join('');
    return { text, lower: text.toLowerCase().replaceAll('\u03c2', '\u03c3'), starts: starts.list(), ends: ends.list() };
  }

  private show(codePoint: number): string {
    const folded = foldCodePoint(codePoint);
    if (folded !== '') {
      this.hidden = 0;
      return folded;
    }
    this.hidden += 1;
    return this.hidden === HIDDEN_RUN_MAX + 1 ? '\n' : '';
  }
}

function readUnit(source: string, at: number, last: boolean): { codePoint: number; length: number } | 'more' {
  const unit = source.charCodeAt(at);
  if (unit === 0x25 || unit === 0x5c) {
    const escape = decodeEscape(source, at);
    if (escape === 'more' && !last) return 'more';
    return typeof escape === 'object' ? escape : { codePoint: unit, length: 1 };
  }
  if (unit >= 0xd800 && unit <= 0xdbff && at + 1 === source.length && !last) return 'more';
  const codePoint = source.codePointAt(at) ?? unit;
  return { codePoint, length: codePoint > 0xffff ? 2 : 1 };
}

export function fold(text: string): Folded {
  const folder = new Folder();
  return append(folder.push(text), folder.end());
}

export function append(left: Folded, right: Folded): Folded {
  if (right.text === '') return left;
  if (left.text === '') return right;
  return {
    text: left.text + right.text,
    lower: left.lower + right.lower,
    starts: joinOffsets(left.starts, right.starts),
    ends: joinOffsets(left.ends, right.ends),
  };
}

/** Moves an edge back to where the source of its character starts: one character may fold to several. */
export function alignDown(folded: Folded, at: number): number {
  let edge = at;
  while (edge > 0 && edge < folded.starts.length && folded.starts[edge] === folded.starts[edge - 1]) edge -= 1;
  return edge;
}

export function alignUp(folded: Folded, at: number): number {
  let edge = at;
  while (edge > 0 && edge < folded.starts.length && folded.starts[edge] === folded.starts[edge - 1]) edge += 1;
  return edge;
}
