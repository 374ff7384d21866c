import type { ArchivedRun } from './entities/archived-run.entity.js';

export interface RunRef {
  tenant: string;
  runId: string;
}

/** Entries of one run that came into the archive together, in order. One whose body lies in the object store is alone. */
export interface Chunk extends RunRef {
  subject: string;
  seqs: number[];
  /** The stored bodies, one an entry, for the hash chain. */
  bodies: Uint8Array[];
  /** JSON of the body that lies in the object store, where the bytes hold only its reference; else null. */
  claimed: string | null;
}

/** One entry of a journal, as it was stored on the bus. */
export interface ArchivedEntry {
  /** How often the stream had been rebuilt when this was read from it. */
  incarnation: number;
  /** Sequence in the partition's stream. */
  seq: number;
  subject: string;
  bytes: Uint8Array;
  /** The body that lies in the object store; null where the bytes hold it. */
  claimed: unknown;
  /** The incarnation in whose stream it is no longer; null while it is there, or went to the archive in order. */
  cutIn: number | null;
}

/** How far a partition is archived. */
export interface Position {
  incarnation: number;
  /** 0 at first. */
  lastSeq: number;
  /** The stream came back without entries that are still to be brought back. */
  rebuilding: boolean;
}

/** Consecutive entries of one partition. */
export interface Batch {
  partition: string;
  incarnation: number;
  /** How far the partition was archived before. */
  afterSeq: number;
  lastSeq: number;
  chunks: readonly Chunk[];
  /** Rows of runs that changed with them. */
  runs: readonly ArchivedRun[];
}

/** The lasting copy of all journals. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class ArchivePort {
  abstract position(partition: string): Promise<Position>;
  /**
   * Keeps a batch, the rows of its runs and how far the partition is read: all or nothing. CONFLICT when the partition
   * is not archived up to `afterSeq` (another process was faster), or its incarnation is over.
   */
  abstract keep(batch: Batch): Promise<void>;
  /** All entries of a run that count, in order. */
  abstract entriesOf(run: RunRef): Promise<ArchivedEntry[]>;
}
