import type { ArchivedEntry } from './entities/archived-entry.entity.js';
import type { ArchivedRun } from './entities/archived-run.entity.js';

export interface RunRef {
  tenant: string;
  runId: string;
}

/** Consecutive entries of one partition. */
export interface Batch {
  partition: string;
  entries: readonly ArchivedEntry[];
  /** Runs with entries among them. */
  runs: readonly RunRef[];
  /** Those whose row must be made anew; the others' only if they had ended before. */
  turned: readonly RunRef[];
}

/** The row of a run from all of its entries; null where they make none. */
export type Projection = (entries: readonly ArchivedEntry[]) => ArchivedRun | null;

/** The lasting copy of all journals. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class ArchivePort {
  /** Last archived sequence of a partition, 0 at first. */
  abstract lastSeq(partition: string): Promise<number>;
  /** Keeps a batch, the rows of its runs and how far the partition is read: all or nothing. Keeping one again changes nothing. */
  abstract keep(batch: Batch, project: Projection): Promise<void>;
  /** All entries of a run in its partition's stream, in order. */
  abstract entriesOf(run: RunRef): Promise<ArchivedEntry[]>;
}
