import type { DataClass } from '@signalbox/contracts';
import { createRuleset, detect } from '@signalbox/privacy';

/** The person's own names, as a profile would give them. */
export const PROFILE_NAMES = ['Anna Berg'];

/** A made-up person with a test card number; the file is real and lies in examples/data. */
export const DEFAULT_QUESTION =
  'Hello, this is Anna Berg. Which server had the lowest p99_ms in bus-latency.csv? ' +
  'Please write to anna.berg@example.com or call +49 30 901820 when you know; the work may be charged to card 4111 1111 1111 1111.';

/** The personal values in a text, as the recognisers find them: what must never be seen inside. */
export function valuesIn(question: string): { class: DataClass; value: string }[] {
  const spans = detect(question, createRuleset({ names: PROFILE_NAMES }));
  const seen = new Map(spans.map((span) => [span.value, { class: span.class, value: span.value }]));
  return [...seen.values()];
}
