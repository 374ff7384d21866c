import type { RawEntry } from '@signalbox/bus';
import type { JournalEntry } from '@signalbox/contracts';
import type { StoredEntry } from '@signalbox/run-engine';
import type { EntryRow } from './archive.port.js';
import type { ArchivedEntry } from './entities/archived-entry.entity.js';

/** Text columns of Postgres hold no NUL. */
const storable = (text: string): string => text.replaceAll('\0', '\u{FFFD}');

export function entryRow(raw: RawEntry): EntryRow {
  const { seq, tenant, runId, subject, bytes, entry, seal, fault } = raw;
  return {
    seq,
    tenant,
    runId: storable(runId),
    subject: storable(subject),
    bytes,
    entry: entry === null ? null : JSON.stringify(entry),
    seal,
    faultCode: fault?.code ?? null,
    fault: fault ? storable(fault.message) : null,
  };
}

/** Entries of one incarnation stay below it. */
const INCARNATION_STEP = 1e12;

/** Orders the entries of a run over all incarnations; the sequence itself in the first one. */
export function archiveSeq(incarnation: number, seq: number): number {
  return incarnation * INCARNATION_STEP + seq;
}

/** An archived entry as the engine reads it. */
export function storedEntry(row: ArchivedEntry): StoredEntry {
  const { incarnation, seq, subject, bytes, seal, faultCode, fault } = row;
  return {
    seq: archiveSeq(incarnation, seq),
    subject,
    bytes,
    entry: journalEntry(row),
    seal,
    ...(fault === null ? {} : { fault: { code: faultCode ?? 'SEAL_INVALID', message: fault } }),
  };
}

/** The copy that audit itself wrote from a checked entry. */
export function journalEntry(row: ArchivedEntry): JournalEntry | null {
  return row.entry as JournalEntry | null;
}
