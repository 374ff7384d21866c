import type { Folded } from '../fold/fold.js';
import { joinOffsets } from '../fold/offsets.js';
import { neutralise } from '../pseudonyms/token.js';
import type { FoldedSpan } from '../scan.js';
import type { FoundValues, RedactOptions } from './found.js';

/** Puts `before` in front of `text` as context; it has no source of its own. */
export function withContext(before: Pick<Folded, 'text' | 'lower'>, text: Folded): Folded {
  if (before.text === '') return text;
  const none = Int32Array.from({ length: before.text.length }, (_, i) => i - before.text.length);
  return {
    text: before.text + text.text,
    lower: before.lower + text.lower,
    starts: joinOffsets(none, text.starts),
    ends: joinOffsets(none, text.ends),
  };
}

/** A stretch of the original text, `[start, end)`, with the offset of its first character. */
export interface Source {
  raw: string;
  offset: number;
}

/** The source up to `rawEnd` with each span replaced by its token. */
export function replaceSpans(
  source: Source,
  rawEnd: number,
  folded: Folded,
  spans: readonly FoldedSpan[],
  found: FoundValues,
  lookalikes: RedactOptions['lookalikes'],
): string {
  const parts: string[] = [];
  let at = source.offset;
  const cut = (from: number, to: number): string => source.raw.slice(from - source.offset, to - source.offset);
  for (const span of spans) {
    const start = folded.starts[span.start] ?? at;
    const end = folded.ends[span.end - 1] ?? start;
    parts.push(cut(at, start));
    if (span.class === 'PLAIN') parts.push(cut(start, end));
    else if (span.class !== 'LOOKALIKE')
      parts.push(found.add({ class: span.class, by: span.by, raw: cut(start, end), at: [start, end] }));
    else if (lookalikes === 'keep-renderings' && folded.text[span.start + 1] !== '[') parts.push(cut(start, end));
    else parts.push(neutralise(folded.text.slice(span.start, span.end)));
    at = end;
  }
  parts.push(cut(at, rawEnd));
  return parts.join('');
}
