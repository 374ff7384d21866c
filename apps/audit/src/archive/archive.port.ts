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
  /** JSON of the entry as read; null when it could not be. */
  entry: string | null;
  seal: ArchivedEntry['seal'];
  faultCode: string | null;
  fault: string | null;
}

/** Consecutive entries of one partition. */
export interface Batch {
  partition: string;
  entries: readonly EntryRow[];
  /** Rows of runs that changed with them. */
  runs: readonly ArchivedRun[];
}

/** The lasting copy of all journals. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class ArchivePort {
  /** Last archived sequence of a partition, 0 at first. */
  abstract lastSeq(partition: string): Promise<number>;
  /** Keeps a batch, the rows of its runs and how far the partition is read: all or nothing. Keeping one again changes nothing. */
  abstract keep(batch: Batch): Promise<void>;
  /** All entries of a run in its partition's stream, in order. */
  abstract entriesOf(run: RunRef): Promise<ArchivedEntry[]>;
}
