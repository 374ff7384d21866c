import { alignDown, append, fold, Folder, type Folded } from '../fold/fold.js';
import { LOOKBEHIND_CHARS } from '../recogniser.js';
import { cleanCut, scan, type FoldedSpan } from '../scan.js';
import { type Cleaned, FoundValues, type Found, type RedactOptions } from './found.js';
import { replaceSpans, withContext } from './replace-spans.js';

const EMPTY = fold('');

/**
 * Redacts text that arrives in pieces, with the same result as `redactText` on the whole, however it is cut.
 *
 * Held back is only what could still become part of a value: mostly the last word. The bound is `holdCharsMax` folded
 * characters: no value is longer than half of it, so what is older is decided and let go.
 */
export class RedactingStream {
  readonly holdCharsMax: number;
  private readonly folder = new Folder();
  private readonly values: FoundValues;
  private before: Pick<Folded, 'text' | 'lower'>;
  /** Spans inside `before`. */
  private taken: FoldedSpan[] = [];
  private pending = EMPTY;
  /** Raw text not yet given out, and the offset of its first character. */
  private raw = '';
  private rawOffset = 0;
  private foldedRawEnd = 0;

  constructor(private readonly options: RedactOptions) {
    this.holdCharsMax = 2 * options.ruleset.reach;
    this.values = new FoundValues(options);
    this.before = fold((options.context ?? '').slice(-LOOKBEHIND_CHARS));
  }

  /** Returns what is decided by now; may be empty. */
  push(chunk: string): string {
    this.raw += chunk;
    this.take(this.folder.push(chunk));
    const from = this.before.text.length;
    const text = withContext(this.before, this.pending);
    const clean = cleanCut(text, this.options.ruleset, from, this.taken);
    if (clean > from || this.pending.text === '') return this.release(text, clean);
    if (this.pending.text.length <= this.holdCharsMax) return '';
    return this.release(text, alignDown(text, text.text.length - this.options.ruleset.reach));
  }

  /** Returns the rest. Nothing may be pushed after it. */
  end(): string {
    this.take(this.folder.end());
    const text = withContext(this.before, this.pending);
    this.foldedRawEnd = this.rawOffset + this.raw.length;
    return this.release(text, text.text.length);
  }

  /** UTF-16 characters taken and not yet given out. */
  get heldChars(): number {
    return this.raw.length;
  }

  /** What was replaced so far, each value once, in order. */
  get found(): Found[] {
    return this.values.list();
  }

  /** The same, with what fired and what is gone for good. */
  get cleaned(): Cleaned {
    return this.values.cleaned();
  }

  private take(folded: Folded): void {
    this.pending = append(this.pending, folded);
    this.foldedRawEnd = this.folder.position;
  }

  /** Gives out everything before `cut`, and the whole of a value that starts before it. */
  private release(text: Folded, cut: number): string {
    const from = this.before.text.length;
    const spans =
      cut > from ? scan(text, this.options.ruleset, from, this.taken).filter((span) => span.start < cut) : [];
    const end = Math.max(cut, spans.at(-1)?.end ?? 0);
    const rawEnd = end < text.text.length ? (text.starts[end] ?? this.foldedRawEnd) : this.foldedRawEnd;
    const source = { raw: this.raw, offset: this.rawOffset };
    const out = replaceSpans(source, rawEnd, text, spans, this.values, this.options.lookalikes);
    this.raw = this.raw.slice(rawEnd - this.rawOffset);
    this.rawOffset = rawEnd;
    this.remember(text, end, spans);
    this.pending = {
      text: text.text.slice(end),
      lower: text.lower.slice(end),
      starts: text.starts.slice(end),
      ends: text.ends.slice(end),
    };
    return out;
  }

  /** Keeps the last characters before `end` as context, with the spans that reach into them. */
  private remember({ text, lower }: Folded, end: number, spans: readonly FoldedSpan[]): void {
    const start = Math.max(0, end - LOOKBEHIND_CHARS);
    this.before = { text: text.slice(start, end), lower: lower.slice(start, end) };
    const reaching = [...this.taken, ...spans].filter((span) => span.end > start);
    this.taken = reaching.map((span) => ({ ...span, start: Math.max(0, span.start - start), end: span.end - start }));
  }
}
