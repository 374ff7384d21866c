import { alignDown, alignUp, type Folded } from './fold/fold.js';
import type { Candidate, Recogniser, SpanClass } from './recogniser.js';
import type { Ruleset } from './ruleset.js';

/** A decided stretch of folded text. */
export interface FoldedSpan extends Candidate {
  class: SpanClass;
  /** Index into `Ruleset.tiers`. */
  tier: number;
}

/** Stands for each character of a value that an earlier tier took; folded text has none of its own. */
const TAKEN = '\0';

/**
 * All spans from `from` on, in order, none overlapping. What lies before `from` is context only; `taken` are the spans
 * found in it, whose characters later tiers must not see.
 */
export function scan(text: Folded, ruleset: Ruleset, from: number, taken: readonly FoldedSpan[] = []): FoldedSpan[] {
  let spans: FoldedSpan[] = [];
  for (const [index, tier] of ruleset.tiers.entries()) {
    const hidden = taken.filter((span) => span.tier < index).concat(spans);
    const view = hide(text, hidden);
    const merged: FoldedSpan[] = [];
    let gapStart = from;
    for (const span of spans) {
      fill(view, tier, index, gapStart, span.start, merged);
      merged.push(span);
      gapStart = span.end;
    }
    fill(view, tier, index, gapStart, text.lower.length, merged);
    spans = merged;
  }
  return spans;
}

function hide(text: Folded, spans: readonly FoldedSpan[]): Folded {
  if (spans.length === 0) return text;
  return { ...text, text: blank(text.text, spans), lower: blank(text.lower, spans) };
}

function blank(text: string, spans: readonly FoldedSpan[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of spans) {
    parts.push(text.slice(at, start), TAKEN.repeat(end - start));
    at = end;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/** Leftmost, then longest, then the order of the recognisers; each is asked again only when its answer is used up. */
function fill(
  text: Folded,
  tier: readonly Recogniser[],
  index: number,
  from: number,
  limit: number,
  into: FoldedSpan[],
): void {
  let at = from;
  const offers = tier.map((one) => one.next(text, at, limit));
  for (;;) {
    let best: FoldedSpan | undefined;
    for (const [i, recogniser] of tier.entries()) {
      let offer = offers[i];
      if (offer && offer.start < at) offer = offers[i] = recogniser.next(text, at, limit);
      if (!offer) continue;
      const wins = !best || offer.start < best.start || (offer.start === best.start && offer.end > best.end);
      if (wins) best = { class: recogniser.class, tier: index, start: offer.start, end: offer.end };
    }
    if (!best) return;
    const span = { ...best, start: alignDown(text, best.start), end: alignUp(text, best.end) };
    into.push(span);
    at = span.end;
  }
}

const CUT_ROUNDS_MAX = 16;

/**
 * The greatest position at which the text, whose rest is not yet known, can be cut so that nothing before it depends
 * on anything after it; `from` if there is none.
 */
export function cleanCut(text: Folded, ruleset: Ruleset, from: number): number {
  let cut = text.lower.length;
  for (let round = 0; round < CUT_ROUNDS_MAX; round += 1) {
    let open = cut;
    for (const tier of ruleset.tiers) for (const one of tier) open = Math.min(open, one.openFrom(text, cut));
    open = alignDown(text, open);
    if (open <= from) return from;
    if (open === cut) return cut;
    cut = open;
  }
  return from;
}
