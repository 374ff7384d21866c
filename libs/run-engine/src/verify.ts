import { type JournalKind, JOURNAL_KINDS, journalHead, journalHeadStart } from '@signalbox/contracts';
import { openDraft } from './draft.js';
import { take } from './evolve.js';
import { type StoredEntry, hasEnded, newRun } from './state.js';

/** What a journal may begin with. */
const STARTS: ReadonlySet<JournalKind> = new Set(['run.accepted.v1', 'run.spawned.v1', 'run.refused.v1']);

/** `error`: the journal is not what was written. `note`: an entry that nobody believes; it changed nothing. */
export interface JournalFault {
  seq: number;
  level: 'error' | 'note';
  text: string;
}

export interface JournalVerdict {
  ok: boolean;
  /** Hash chain over all entries: equal heads mean equal journals. */
  head: string;
  entries: number;
  decisions: number;
  faults: JournalFault[];
}

/**
 * Checks a journal without any key: order, subject, authors, and that every decision names the hash of all
 * entries before it. Whoever changes, drops, adds or moves an entry before a decision is found.
 * Entries after the last decision are covered only once a decision follows, or by a kept `head`.
 */
export function verifyJournal(entries: readonly StoredEntry[]): JournalVerdict {
  const subject = entries[0]?.subject ?? '';
  const faults: JournalFault[] = [];
  const add = (seq: number, level: JournalFault['level'], text: string): void => void faults.push({ seq, level, text });
  let head = journalHeadStart(subject);
  const state = openDraft(newRun(subject));
  let decisions = 0;
  let last = 0;
  for (const stored of entries) {
    const { seq, entry } = stored;
    if (stored.subject !== subject) add(seq, 'error', 'belongs to another journal');
    if (seq <= last) add(seq, 'error', `is out of order: it comes after ${last}`);
    last = seq;
    if (entry === null) add(seq, 'note', `cannot be read or believed: ${stored.fault?.message ?? 'no reason given'}`);
    else if (JOURNAL_KINDS[entry.kind]?.author !== entry.author)
      add(seq, 'note', `${entry.kind} is not believed from ${entry.author}`);
    else if (entry.kind === 'decision.v1') {
      decisions += 1;
      if (entry.body.head !== head) add(seq, 'error', 'a decision that does not name the entries before it');
      if (hasEnded(state) && entry.body.events.some((event) => event.type !== 'session.save-requested'))
        add(seq, 'error', 'a decision after the end');
    } else if (state.accepted === null && !STARTS.has(entry.kind))
      add(seq, 'note', `${entry.kind} before the run was accepted`);
    take(state, stored);
    head = journalHead(head, stored.bytes);
  }
  if (entries.length > 0 && state.accepted === null && state.status !== 'refused')
    add(entries[0]!.seq, 'error', 'the run was never accepted nor refused');
  if (state.status === 'quarantined') add(state.seq, 'error', state.error?.message ?? 'quarantined');
  return { ok: faults.every((fault) => fault.level !== 'error'), head, entries: entries.length, decisions, faults };
}
