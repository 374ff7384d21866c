import type { ArchivedEntry } from './entities/archived-entry.entity.js';
import type { ArchivedRun } from './entities/archived-run.entity.js';

export interface RunRef {
  tenant: string;
  runId: string;
}

/** The lasting copy of all journals. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class ArchivePort {
  /** Last archived sequence of a partition, 0 at first. */
  abstract lastSeq(partition: string): Promise<number>;
  /** Keeps entries of one partition and how far it is read, in one transaction. Keeping one again changes nothing. */
  abstract keep(partition: string, entries: readonly ArchivedEntry[], lastSeq: number): Promise<void>;
  /** All entries of a run, in order. */
  abstract entriesOf(run: RunRef): Promise<ArchivedEntry[]>;
  abstract keepRun(run: ArchivedRun): Promise<void>;
}
