import type { DataClass } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { fold } from '../fold/fold.js';
import { readableValue } from '../pseudonyms/canonical-value.js';
import { LOOKBEHIND_CHARS } from '../recogniser.js';
import type { Ruleset } from '../ruleset.js';
import { scan } from '../scan.js';
import { type Cleaned, FoundValues, type RedactOptions } from './found.js';
import { replaceSpans, withContext } from './replace-spans.js';

/** UTF-16 characters of one text; more is PAYLOAD_TOO_LARGE. The bus carries far less. */
export const TEXT_CHARS_MAX = 8 * 1024 * 1024;

/** A value in a text: `[start, end)` in UTF-16 characters of the original. */
export interface Span {
  class: DataClass;
  start: number;
  end: number;
  /** As a person would read it. */
  value: string;
  /** Id of the recogniser. */
  recogniser: string;
}

/** What the ruleset finds, in order, none overlapping. */
export function detect(text: string, ruleset: Ruleset, context = ''): Span[] {
  const { folded, spans } = find(text, ruleset, context);
  return spans.flatMap((span) => {
    const start = folded.starts[span.start] ?? 0;
    const end = folded.ends[span.end - 1] ?? start;
    return span.class === 'LOOKALIKE' || span.class === 'PLAIN'
      ? []
      : [{ class: span.class, start, end, value: readableValue(text.slice(start, end)), recogniser: span.by }];
  });
}

/** Does with each value as the ruleset says. Takes raw text only: tokens already in it count as imitations. */
export function redactText(text: string, options: RedactOptions): Cleaned & { text: string } {
  const found = new FoundValues(options);
  return { text: redactInto(text, options, found), ...found.cleaned() };
}

export function redactInto(text: string, options: RedactOptions, found: FoundValues): string {
  const { folded, spans } = find(text, options.ruleset, options.context ?? '');
  if (spans.length === 0) return text;
  return replaceSpans({ raw: text, offset: 0 }, text.length, folded, spans, found, options.lookalikes);
}

function find(text: string, ruleset: Ruleset, context: string) {
  if (text.length > TEXT_CHARS_MAX) {
    throw new MeshError(
      'PAYLOAD_TOO_LARGE',
      `A text has ${text.length} characters; at most ${TEXT_CHARS_MAX} are scanned.`,
    );
  }
  const before = fold(context.slice(-LOOKBEHIND_CHARS));
  const folded = withContext(before, fold(text));
  return { folded, spans: scan(folded, ruleset, before.text.length) };
}
