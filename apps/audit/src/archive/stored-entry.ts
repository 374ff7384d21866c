import type { RawEntry } from '@signalbox/bus';
import { JOURNAL_KINDS, type JournalEntry, partitionOfRun } from '@signalbox/contracts';
import { canonicalJson, parseJson } from '@signalbox/kernel';
import type { StoredEntry } from '@signalbox/run-engine';
import { ArchivedEntry } from './entities/archived-entry.entity.js';

export function archivedEntry(raw: RawEntry): ArchivedEntry {
  const { seq, tenant, runId, subject, bytes, entry, fault } = raw;
  return Object.assign(new ArchivedEntry(), {
    partition: partitionOfRun(runId), seq, tenant, runId, subject, bytes: Buffer.from(bytes), entry, fault: fault?.message ?? null,
  });
}

/** An archived entry as the engine reads it. */
export function storedEntry(row: ArchivedEntry): StoredEntry {
  const { seq, subject, bytes, fault } = row;
  return { seq, subject, bytes, entry: journalEntry(row), ...(fault === null ? {} : { fault: { code: 'SEAL_INVALID', message: fault } }) };
}

/**
 * Whether the readable copy of an entry says what its stored bytes say. The hash chain covers the bytes alone, so a
 * change of the copy would else go unseen. A body that travelled by reference is covered by the hash in its reference.
 */
export function copyMatches(row: ArchivedEntry): boolean {
  const entry = journalEntry(row);
  if (entry === null) return true;
  const json = parseJson(row.bytes.subarray(row.bytes.indexOf(0x0a) + 1));
  if (typeof json === 'object' && json !== null && '$claim' in json) return true;
  const body = JOURNAL_KINDS[entry.kind].schema.safeParse(json);
  return body.success && canonicalJson(body.data) === canonicalJson(entry.body);
}

/** The copy that audit itself wrote from a checked entry. */
export function journalEntry(row: ArchivedEntry): JournalEntry | null {
  return row.entry as JournalEntry | null;
}
