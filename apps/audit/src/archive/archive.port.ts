import type { ArchivedEntry } from './entities/archived-entry.entity.js';
import type { ArchivedRun } from './entities/archived-run.entity.js';

export interface RunRef {
  tenant: string;
  runId: string;
}

/** One entry on its way into the archive. */
export interface EntryRow {
  seq: number;
  tenant: string;
  runId: string;
  subject: string;
  bytes: Uint8Array;
  /** JSON of a body that lies in the object store; null where the bytes hold it. */
  claimed: string | null;
  seal: ArchivedEntry['seal'];
  faultCode: string | null;
  fault: string | null;
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
  entries: readonly EntryRow[];
  /** Rows of runs that changed with them. */
  runs: readonly ArchivedRun[];
}

/** The lasting copy of all journals. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class ArchivePort {
  abstract position(partition: string): Promise<Position>;
  /** Keeps a batch, the rows of its runs and how far the partition is read: all or nothing. Keeping one again changes nothing; CONFLICT when the incarnation is over. */
  abstract keep(batch: Batch): Promise<void>;
  /** All entries of a run that count, in order. */
  abstract entriesOf(run: RunRef): Promise<ArchivedEntry[]>;
}
