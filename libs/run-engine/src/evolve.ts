import { JOURNAL_KINDS, type JournalEntryOf, journalHead, rulesetFault, timeOf } from '@signalbox/contracts';
import { closeDraft, openDraft, quarantine, report } from './draft.js';
import { applyEvent } from './events.js';
import { applyEarly, applyFact } from './facts.js';
import { type RunState, type StoredEntry, hasEnded, newRun } from './state.js';
import { countParking } from './waiting.js';

/**
 * The state after one more entry. Total and pure: every stored entry moves `seq` and `head`; only what
 * is believed moves the rest. An entry that was folded before changes nothing.
 */
export function evolve(state: RunState, stored: StoredEntry): RunState {
  return evolveAll(state, [stored]);
}

/** The same for entries in a row: linear in their number, where a state for each would copy all calls each time. */
export function evolveAll(state: RunState, entries: readonly StoredEntry[]): RunState {
  if (entries.every((stored) => isKnown(state, stored))) return state;
  const draft = openDraft(state);
  for (const stored of entries) take(draft, stored);
  return closeDraft(draft);
}

const isKnown = (state: RunState, stored: StoredEntry): boolean =>
  stored.seq <= state.seq || stored.subject !== state.subject;

/** Takes one entry into an open draft. */
export function take(draft: RunState, stored: StoredEntry): void {
  if (isKnown(draft, stored)) return;
  const headBefore = draft.head;
  draft.seq = stored.seq;
  if (draft.firstSeq === 0) draft.firstSeq = stored.seq;
  draft.entries += 1;
  draft.head = journalHead(headBefore, stored.bytes);
  if (draft.status === 'quarantined') return;
  const { entry } = stored;
  if (entry === null) {
    const why = stored.fault?.message ?? 'an entry that cannot be read';
    // Its author is proven, so it counts, and cannot be read: to go on without it would be to guess.
    if (stored.seal === 'verified') quarantine(draft, why);
    else report(draft, `ignored: ${why}`);
    return;
  }
  const known = JOURNAL_KINDS[entry.kind] as { author: string } | undefined;
  if (known === undefined)
    quarantine(draft, `an entry of the unknown kind ${String((entry as { kind: unknown }).kind).slice(0, 64)}`);
  else if (known.author !== entry.author)
    report(
      draft,
      `ignored: ${(entry as { kind: string }).kind} is not believed from ${String((entry as { author: unknown }).author).slice(0, 32)}`,
    );
  else {
    const unnamed = rulesetFault(entry, draft.accepted?.ruleset);
    if (unnamed !== null) return report(draft, `ignored: ${unnamed}`);
    if (entry.kind === 'decision.v1') applyDecision(draft, headBefore, entry);
    else applyFact(draft, entry);
    countParking(draft, timeOf(entry));
  }
}

/** A decision counts only if it names exactly the entries before it. */
function applyDecision(draft: RunState, headBefore: string, entry: JournalEntryOf<'decision.v1'>): void {
  if (entry.body.head !== headBefore)
    return report(draft, 'ignored: a decision that does not name the entries before it');
  if (draft.accepted === null) return report(draft, 'ignored: a decision before the run was accepted');
  const ended = hasEnded(draft);
  for (const event of entry.body.events) {
    if (ended && event.type !== 'session.save-requested') report(draft, `ignored: ${event.type} after the end`);
    else applyEvent(draft, event, entry.body.decidedAt);
  }
  applyEarly(draft);
}

/** Folds a whole journal, or a prefix of one. Throws nothing; of no entries it makes an empty run. */
export function foldJournal(entries: readonly StoredEntry[]): RunState {
  return evolveAll(newRun(entries[0]?.subject ?? ''), entries);
}
