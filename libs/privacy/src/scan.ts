import { alignDown, alignUp, type Folded } from './fold/fold.js';
import type { Candidate, Recogniser, SpanClass } from './recogniser.js';
import type { Ruleset } from './ruleset.js';

/** A decided stretch of folded text. */
export interface FoldedSpan extends Candidate {
  class: SpanClass;
  /** Index into `Ruleset.tiers`. */
  tier: number;
  /** Id of the recogniser. */
  by: string;
}

/** The tier of those that read words; always the last. */
const PROSE_TIER = 4;
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
      const { class: own, id: by } = recogniser;
      const made = { class: offer.class ?? own, by, tier: index, start: offer.start, end: offer.end };
      if (!best || wins(made, best)) best = made;
    }
    if (!best) return;
    const span = { ...best, start: alignDown(text, best.start), end: alignUp(text, best.end) };
    into.push(span);
    at = span.end;
  }
}

function wins(offer: FoldedSpan, best: FoldedSpan): boolean {
  const overlaps = offer.start < best.end && best.start < offer.end;
  // Nothing is plain of which another says what it is.
  if (overlaps && (offer.class === 'PLAIN') !== (best.class === 'PLAIN')) return best.class === 'PLAIN';
  return offer.start < best.start || (offer.start === best.start && offer.end > best.end);
}

const CUT_ROUNDS_MAX = 16;

/**
 * The greatest position at which the text, whose rest is not yet known, can be cut so that nothing before it depends
 * on anything after it; `from` if there is none. What depends on words is asked last, and sees only what is decided
 * before it, with the values found there hidden as in `scan`.
 */
export function cleanCut(text: Folded, ruleset: Ruleset, from: number, taken: readonly FoldedSpan[] = []): number {
  const values = ruleset.tiers.filter(([one]) => one?.tier !== PROSE_TIER);
  const prose = ruleset.tiers.filter(([one]) => one?.tier === PROSE_TIER).flat();
  let cut = text.lower.length;
  for (let round = 0; round < CUT_ROUNDS_MAX; round += 1) {
    let open = valuesCut(text, values, cut, from);
    if (open > from && prose.length > 0) open = proseCut(text, { ...ruleset, tiers: values }, prose, open, from, taken);
    if (open <= from) return from;
    if (open === cut) return cut;
    cut = open;
  }
  return from;
}

function valuesCut(text: Folded, tiers: Ruleset['tiers'], end: number, from: number): number {
  let cut = end;
  for (let round = 0; round < CUT_ROUNDS_MAX; round += 1) {
    let open = cut;
    for (const tier of tiers) for (const one of tier) open = Math.min(open, one.openFrom(text, cut));
    open = alignDown(text, open);
    if (open <= from) return from;
    if (open === cut) return cut;
    cut = open;
  }
  return from;
}

function proseCut(
  text: Folded,
  values: Ruleset,
  prose: readonly Recogniser[],
  end: number,
  from: number,
  taken: readonly FoldedSpan[],
): number {
  const decided = { ...text, text: text.text.slice(0, end), lower: text.lower.slice(0, end) };
  const found = taken.filter((span) => span.tier < values.tiers.length).concat(scan(decided, values, from, taken));
  const view = hide(decided, found);
  return alignDown(
    text,
    prose.reduce((open, one) => Math.min(open, one.openFrom(view, end)), end),
  );
}
