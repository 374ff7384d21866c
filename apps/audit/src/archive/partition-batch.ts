import type { RawEntry } from '@signalbox/bus';
import { partitionOfRun, RunId, TenantId } from '@signalbox/contracts';
import type { Chunk, Position, RunRef } from './archive.port.js';
import { changesRow } from './project-run.js';
import { archiveSeq, claimedJson, storable } from './stored-entry.js';

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
  afterSeq: number;
  lastSeq: number;
  entries: number;
  chunks: Chunk[];
  runs: TouchedRun[];
  /** When the oldest of them was stored on the bus, ms since 1970; null when unknown. */
  oldestAt: number | null;
}

/** What gathers on one subject. Whatever lies in the stream is archived; a run is only what has the ids of one that belongs here. */
interface Gathering {
  chunks: Chunk[];
  run: TouchedRun | null;
}

/** Entries of one partition on their way into the archive. */
export class PartitionBatch {
  readonly #incarnation: number;
  #afterSeq: number;
  #lastSeq: number;
  #subjects = new Map<string, Gathering>();
  #entries = 0;
  #bytes = 0;
  #oldestAt: number | null = null;

  constructor(
    private readonly partition: string,
    { incarnation, lastSeq }: Pick<Position, 'incarnation' | 'lastSeq'>,
    private readonly entriesMax: number,
  ) {
    this.#incarnation = incarnation;
    this.#afterSeq = lastSeq;
    this.#lastSeq = lastSeq;
  }

  get isFull(): boolean {
    return this.#entries >= this.entriesMax || this.#bytes >= BATCH_BYTES_MAX;
  }

  add(raw: RawEntry): void {
    const claimed = claimedJson(raw);
    const bytes = raw.bytes.length + (claimed?.length ?? 0);
    const gathering = this.#gathering(raw);
    chunkFor(gathering.chunks, raw, claimed).bodies.push(raw.bytes);
    if (gathering.run !== null) this.#touch(gathering.run, raw, bytes);
    this.#entries += 1;
    this.#bytes += bytes;
    this.#lastSeq = raw.seq;
    this.#oldestAt ??= raw.storedAt ?? null;
  }

  /** All that gathered; null when nothing did. */
  take(): Gathered | null {
    if (this.#entries === 0) return null;
    const subjects = [...this.#subjects.values()];
    const gathered: Gathered = {
      partition: this.partition,
      incarnation: this.#incarnation,
      afterSeq: this.#afterSeq,
      lastSeq: this.#lastSeq,
      entries: this.#entries,
      chunks: subjects.flatMap(({ chunks }) => chunks),
      runs: subjects.flatMap(({ run }) => run ?? []),
      oldestAt: this.#oldestAt,
    };
    this.#afterSeq = this.#lastSeq;
    this.#subjects = new Map();
    this.#entries = 0;
    this.#bytes = 0;
    this.#oldestAt = null;
    return gathered;
  }

  #gathering({ subject, tenant, runId }: RawEntry): Gathering {
    let known = this.#subjects.get(subject);
    if (known === undefined) {
      const run = this.#isRun({ tenant, runId })
        ? { ref: { tenant, runId }, entries: [], turned: false, bytes: 0 }
        : null;
      known = { chunks: [], run };
      this.#subjects.set(subject, known);
    }
    return known;
  }

  #touch(run: TouchedRun, raw: RawEntry, bytes: number): void {
    const seq = archiveSeq(this.#incarnation, raw.seq);
    run.entries.push(seq === raw.seq ? raw : { ...raw, seq });
    run.turned ||= changesRow(raw.entry);
    run.bytes += bytes;
  }

  #isRun({ tenant, runId }: RunRef): boolean {
    return (
      TenantId.safeParse(tenant).success && RunId.safeParse(runId).success && partitionOfRun(runId) === this.partition
    );
  }
}

/** The chunk that takes the entry, with its sequence in it: the newest one, or one of its own. */
function chunkFor(chunks: Chunk[], { seq, tenant, runId, subject }: RawEntry, claimed: string | null): Chunk {
  const newest = chunks.at(-1);
  if (newest !== undefined && newest.claimed === null && claimed === null) {
    newest.seqs.push(seq);
    return newest;
  }
  const ids = { tenant, runId: storable(runId), subject: storable(subject) };
  const chunk = { ...ids, seqs: [seq], bodies: [], claimed };
  chunks.push(chunk);
  return chunk;
}
