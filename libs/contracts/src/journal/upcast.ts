import { PACKED_DECISION, parsePacked, unpackDecision } from './packed-decision.js';

/** How a kind of entry that is written no more, or is written otherwise than it is read, is read as the kind that took its place. */
export interface Upcaster {
  /** The next kind; it may have an upcaster of its own. */
  to: string;
  /** The body as the next kind has it. Pure; what it throws quarantines the run. */
  upcast: (body: unknown) => unknown;
  /** How its JSON is read for that, where not all of it need be parsed. */
  parse?: (text: string) => unknown;
  /** What it gives has been checked against the schema of the next kind. */
  isChecked?: true;
}

/** By the kind as it was written. Entries are never rewritten: what lies in a journal is read through these for ever. */
export const UPCASTERS: Readonly<Record<string, Upcaster>> = {
  [PACKED_DECISION]: { to: 'decision.v1', parse: parsePacked, upcast: unpackDecision, isChecked: true },
};

/** An entry as today's kinds have it; one that has no upcaster is what it was. */
export function upcast(
  kind: string,
  body: unknown,
  upcasters: Readonly<Record<string, Upcaster>> = UPCASTERS,
): { kind: string; body: unknown; isChecked?: true } {
  const next = Object.hasOwn(upcasters, kind) ? upcasters[kind] : undefined;
  if (next === undefined) return { kind, body };
  const read = upcast(next.to, next.upcast(body), upcasters);
  return next.isChecked === true && read.kind === next.to ? { ...read, isChecked: true } : read;
}

/** The kind that an entry of this kind is read as: whose author it must have. */
export function currentKind(kind: string, upcasters: Readonly<Record<string, Upcaster>> = UPCASTERS): string {
  const next = Object.hasOwn(upcasters, kind) ? upcasters[kind] : undefined;
  return next === undefined ? kind : currentKind(next.to, upcasters);
}

/** How the JSON of this kind is read before it is given to `upcast`; throws what JSON.parse throws. */
export function parserOf(kind: string): (text: string) => unknown {
  const own = Object.hasOwn(UPCASTERS, kind) ? UPCASTERS[kind]?.parse : undefined;
  return own ?? JSON.parse;
}
