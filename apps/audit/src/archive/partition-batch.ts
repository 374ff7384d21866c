import type { RawEntry } from '@signalbox/bus';
import { partitionOfRun, RunId, TenantId } from '@signalbox/contracts';
import type { EntryRow, RunRef } from './archive.port.js';
import { changesRow } from './project-run.js';
import { archiveSeq, entryRow } from './stored-entry.js';

/** Bytes of entries, as stored and as read, that one transaction holds at most beyond its last entry. */
const BATCH_BYTES_MAX = 8 * 1_048_576;

/** A run with new entries. */
export interface TouchedRun {
  ref: RunRef;
  entries: RawEntry[];
  /** Some entry changes what a list of runs shows. */
  turned: boolean;
  bytes: number;
}

export interface Gathered {
  partition: string;
  incarnation: number;
  entries: EntryRow[];
  runs: TouchedRun[];
  /** When the oldest of them was stored on the bus, ms since 1970; null when unknown. */
  oldestAt: number | null;
}

/** Entries of one partition on their way into the archive. */
export class PartitionBatch {
  #entries: EntryRow[] = [];
  #runs = new Map<string, TouchedRun>();
  #bytes = 0;
  #oldestAt: number | null = null;

  constructor(
    private readonly partition: string,
    private readonly incarnation: number,
    private readonly entriesMax: number,
  ) {}

  get isFull(): boolean {
    return this.#entries.length >= this.entriesMax || this.#bytes >= BATCH_BYTES_MAX;
  }

  add(raw: RawEntry): void {
    const row = entryRow(raw);
    const bytes = raw.bytes.length + (row.claimed?.length ?? 0);
    this.#entries.push(row);
    this.#bytes += bytes;
    this.#oldestAt ??= raw.storedAt ?? null;
    if (this.#isOfRun(raw)) this.#touch(raw, bytes);
  }

  /** All that gathered; null when nothing did. */
  take(): Gathered | null {
    const gathered: Gathered = {
      partition: this.partition,
      incarnation: this.incarnation,
      entries: this.#entries,
      runs: [...this.#runs.values()],
      oldestAt: this.#oldestAt,
    };
    this.#entries = [];
    this.#runs = new Map();
    this.#bytes = 0;
    this.#oldestAt = null;
    return gathered.entries.length === 0 ? null : gathered;
  }

  #touch(raw: RawEntry, bytes: number): void {
    const { tenant, runId, subject, entry } = raw;
    const run = this.#runs.get(subject) ?? { ref: { tenant, runId }, entries: [], turned: false, bytes: 0 };
    run.entries.push({ ...raw, seq: archiveSeq(this.incarnation, raw.seq) });
    run.turned ||= changesRow(entry);
    run.bytes += bytes;
    this.#runs.set(subject, run);
  }

  /** Whatever lies in the stream is archived; a row is made only of what has the ids of a run that belongs here. */
  #isOfRun({ tenant, runId }: RawEntry): boolean {
    return (
      TenantId.safeParse(tenant).success && RunId.safeParse(runId).success && partitionOfRun(runId) === this.partition
    );
  }
}
