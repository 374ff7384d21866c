import { alignDown, alignUp, type Folded } from './fold/fold.js';
import type { Candidate, Recogniser, SpanClass } from './recogniser.js';
import type { Ruleset } from './ruleset.js';

/** A decided stretch of folded text. */
export interface FoldedSpan extends Candidate {
  class: SpanClass;
}

/** All spans from `from` on, in order, none overlapping. What lies before `from` is context only. */
export function scan(text: Folded, ruleset: Ruleset, from: number): FoldedSpan[] {
  let spans: FoldedSpan[] = [];
  for (const tier of ruleset.tiers) {
    const merged: FoldedSpan[] = [];
    let gapStart = from;
    for (const span of spans) {
      fill(text, tier, gapStart, span.start, merged);
      merged.push(span);
      gapStart = span.end;
    }
    fill(text, tier, gapStart, text.lower.length, merged);
    spans = merged;
  }
  return spans;
}

/** Leftmost, then longest, then the order of the recognisers; each is asked again only when its answer is used up. */
function fill(text: Folded, tier: readonly Recogniser[], from: number, limit: number, into: FoldedSpan[]): void {
  let at = from;
  const offers = tier.map((one) => one.next(text, at, limit));
  for (;;) {
    let best: FoldedSpan | undefined;
    for (const [i, recogniser] of tier.entries()) {
      let offer = offers[i];
      if (offer && offer.start < at) offer = offers[i] = recogniser.next(text, at, limit);
      if (!offer) continue;
      const wins = !best || offer.start < best.start || (offer.start === best.start && offer.end > best.end);
      if (wins) best = { class: recogniser.class, start: offer.start, end: offer.end };
    }
    if (!best) return;
    const span = { class: best.class, start: alignDown(text, best.start), end: alignUp(text, best.end) };
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
