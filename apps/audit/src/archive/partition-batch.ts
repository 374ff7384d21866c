import type { RawEntry } from '@signalbox/bus';
import { partitionOfRun, RunId, TenantId } from '@signalbox/contracts';
import type { Batch, RunRef } from './archive.port.js';
import { changesRow } from './project-run.js';
import { archivedEntry } from './stored-entry.js';

/** Bytes of entries, as stored and as read, that one transaction holds at most beyond its last entry. */
const BATCH_BYTES_MAX = 8 * 1_048_576;

/** Entries of one partition on their way into the archive. */
export class PartitionBatch {
  #entries: RawEntry[] = [];
  #bytes = 0;

  constructor(
    private readonly partition: string,
    private readonly entriesMax: number,
  ) {}

  get isFull(): boolean {
    return this.#entries.length >= this.entriesMax || this.#bytes >= BATCH_BYTES_MAX;
  }

  add(raw: RawEntry): void {
    this.#entries.push(raw);
    this.#bytes += raw.bytes.length + JSON.stringify(raw.entry).length;
  }

  /** All that gathered; null when nothing did. */
  take(): Batch | null {
    const entries = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    if (entries.length === 0) return null;
    const own = entries.filter((raw) => this.#isOfRun(raw));
    return {
      partition: this.partition,
      entries: entries.map((raw) => archivedEntry(this.partition, raw)),
      runs: runsOf(own),
      turned: runsOf(own.filter(({ entry }) => changesRow(entry))),
    };
  }

  /** Whatever lies in the stream is archived; a row is made only of what has the ids of a run that belongs here. */
  #isOfRun({ tenant, runId }: RawEntry): boolean {
    return (
      TenantId.safeParse(tenant).success && RunId.safeParse(runId).success && partitionOfRun(runId) === this.partition
    );
  }
}

function runsOf(entries: readonly RawEntry[]): RunRef[] {
  return [...new Map(entries.map(({ tenant, runId }) => [`${tenant} ${runId}`, { tenant, runId }])).values()];
}
