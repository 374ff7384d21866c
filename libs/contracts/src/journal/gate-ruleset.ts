import type { JournalEntry } from './entry.js';

/** Rulesets of ours are numbered, `balanced-<n>`, with a hash behind where a tenant has rules of its own. */
const NUMBERED = /^balanced-(\d{1,4})(?:-|$)/;
/** From this number on every gate names what it cleaned by; gates of earlier releases did not. */
const NAMED_SINCE = 2;

const numberOf = (ruleset: string | undefined): number => Number(NUMBERED.exec(ruleset ?? '')?.[1] ?? 0);

/** Whether the gates of the workers must name their ruleset in a run that was accepted under this one. */
export const mustName = (accepted: string | undefined): boolean => numberOf(accepted) >= NAMED_SINCE;

/** Why text that a worker's gate let in is not believed, or null: it names no ruleset, or an older one. */
export function rulesetFault(entry: JournalEntry, accepted: string | undefined): string | null {
  if (!mustName(accepted)) return null;
  for (const { ruleset } of cleaned(entry)) {
    if (ruleset === undefined) return `${entry.kind} names no ruleset`;
    if (!mustName(ruleset)) return `${entry.kind} was cleaned by ${ruleset.slice(0, 64)}, which is not in force`;
  }
  return null;
}

/** What the gate of a worker let in with this entry. */
function cleaned(entry: JournalEntry): readonly { ruleset?: string | undefined }[] {
  switch (entry.kind) {
    case 'model.completed.v1':
    case 'tool.completed.v1':
      return [entry.body];
    case 'tools.completed.v1':
      return entry.body.results;
    default:
      return [];
  }
}
