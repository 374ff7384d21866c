/**
 * Presidio's SpanEvaluator (github.com/microsoft/presidio-research, presidio_evaluator/evaluation/span_evaluator.py,
 * base_evaluator.py, span_to_tag.py, skipwords.py), written anew from its definition:
 *
 * 1. A token is tagged if its start lies in a span, or a span lies inside it. Without types every tag is PII.
 * 2. Runs of one tag are spans. Words that do not count are dropped at their edges; a span left empty vanishes.
 * 3. Neighbours of one tag become one span if nothing that counts stands between them. The published code takes the
 *    words between by a wrong index and so joins all spans of a text (`joinAll`); mended upstream in pull request 184.
 * 4. For each labelled span: no prediction on it is a miss. Otherwise the predictions on it, by type and together, are
 *    right if they share at least `iou` of the characters (intersection over union). Predictions on no label are false.
 * 5. precision = right / predicted, recall = right / labelled, F2 = 5PR / (4P + R), over all texts.
 */
import { isSkipped, tokenise, type Token } from './evaluator-tokens.ts';

export interface TypedSpan {
  type: string;
  start: number;
  end: number;
}

export interface LabelledText {
  text: string;
  gold: TypedSpan[];
  found: TypedSpan[];
}

export interface Options {
  /** Least share of characters. */
  iou: number;
  /** As the published code does. */
  joinAll?: boolean;
  typed?: boolean;
}

export interface Counts {
  right: number;
  found: number;
  gold: number;
}

export interface Score {
  precision: number;
  recall: number;
  f2: number;
  /** Labelled spans. */
  gold: number;
}

interface Run extends TypedSpan {
  first: number;
  last: number;
}

/** The overall score and, if typed, one per type. */
export function evaluate(
  texts: readonly LabelledText[],
  options: Options,
): { overall: Score; byType: Map<string, Score> } {
  const counts = new Map<string, Counts>();
  for (const { text, gold, found } of texts) {
    const tokens = tokenise(text);
    count(runsOf(tokens, gold, options), runsOf(tokens, found, options), options.iou, counts);
  }
  const all: Counts = { right: 0, found: 0, gold: 0 };
  for (const one of counts.values()) {
    all.right += one.right;
    all.found += one.found;
    all.gold += one.gold;
  }
  return { overall: scoreOf(all), byType: new Map([...counts].map(([type, one]) => [type, scoreOf(one)])) };
}

/** Characters of labels that were found, and of finds that were labelled, whatever their type. White space counts not. */
export function scoreCharacters(texts: readonly LabelledText[]): { recall: number; precision: number } {
  let [both, labelled, raised] = [0, 0, 0];
  for (const { text, gold, found } of texts) {
    const mask = new Uint8Array(text.length);
    for (const span of gold) for (let i = span.start; i < span.end; i += 1) mask[i]! |= 1;
    for (const span of found) for (let i = span.start; i < span.end; i += 1) mask[i]! |= 2;
    for (const [i, bits] of mask.entries()) {
      if (/\s/.test(text[i] ?? ' ')) continue;
      if (bits & 1) labelled += 1;
      if (bits & 2) raised += 1;
      if (bits === 3) both += 1;
    }
  }
  return { recall: both / Math.max(1, labelled), precision: both / Math.max(1, raised) };
}

export function scoreOf({ right, found, gold }: Counts): Score {
  const precision = found === 0 ? 0 : right / found;
  const recall = gold === 0 ? 0 : right / gold;
  const f2 = precision + recall === 0 ? 0 : (5 * precision * recall) / (4 * precision + recall);
  return { precision, recall, f2, gold };
}

function runsOf(tokens: readonly Token[], spans: readonly TypedSpan[], { typed, joinAll }: Options): Run[] {
  const tags: (string | undefined)[] = tokens.map(({ start, end }) => {
    const span = spans.find((one) => (start >= one.start && start < one.end) || (one.start >= start && one.end <= end));
    return span && (typed ? span.type : 'PII');
  });
  const runs: Run[] = [];
  for (const [i, type] of tags.entries()) {
    if (type === undefined) continue;
    const token = tokens[i]!;
    const open = runs.at(-1);
    if (open?.last === i - 1 && open.type === type) Object.assign(open, { last: i, end: token.end });
    else runs.push({ type, first: i, last: i, start: token.start, end: token.end });
  }
  const counted = runs.flatMap((run) => {
    const kept = tokens.slice(run.first, run.last + 1).filter(({ text }) => !isSkipped(text));
    return kept.length === 0 ? [] : [{ ...run, start: kept[0]!.start, end: kept.at(-1)!.end }];
  });
  const joined: Run[] = [];
  for (const run of counted) {
    const before = joined.at(-1);
    const between = before ? tokens.slice(before.last + 1, run.first) : [];
    const joins = before?.type === run.type && (joinAll === true || between.every(({ text }) => isSkipped(text)));
    if (before && joins) Object.assign(before, { last: run.last, end: run.end });
    else joined.push(run);
  }
  return joined;
}

function count(gold: readonly Run[], found: readonly Run[], iou: number, into: Map<string, Counts>): void {
  const of = (type: string): Counts => {
    const known = into.get(type) ?? { right: 0, found: 0, gold: 0 };
    into.set(type, known);
    return known;
  };
  const used = new Set<Run>();
  for (const label of gold) {
    of(label.type).gold += 1;
    const touching = found.filter((one) => one.start < label.end && one.end > label.start);
    for (const type of new Set(touching.map((one) => one.type))) {
      const group = touching.filter((one) => one.type === type);
      of(type).found += 1;
      if (type === label.type && overlap(label, group) >= iou) of(type).right += 1;
    }
    for (const one of touching) used.add(one);
  }
  for (const one of found) if (!used.has(one)) of(one.type).found += 1;
}

/** Intersection over union of characters of a label and of finds that do not overlap one another. */
function overlap(label: Run, group: readonly Run[]): number {
  let shared = 0;
  let size = 0;
  for (const { start, end } of group) {
    shared += Math.min(label.end, end) - Math.max(label.start, start);
    size += end - start;
  }
  return shared / (label.end - label.start + size - shared);
}
