import type { RunRef } from '../archive/archive.port.js';

/** What lies in the hot stream of a run. */
export interface HotJournal {
  /** The stored bodies by their sequence. */
  entries: ReadonlyMap<number, Uint8Array>;
  /** Of the tombstone, where the run has left for the archive: what came before is not there any more. */
  tombstoneSeq: number | null;
}

/** The journals where they were written, to hold the archive against. */
export abstract class JournalsPort {
  /** Null while it cannot be read. */
  abstract read(run: RunRef): Promise<HotJournal | null>;
}
