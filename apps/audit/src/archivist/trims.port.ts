import type { RunRef } from '../archive/archive.port.js';

export interface DueRun extends RunRef {
  /** Some of its entries may have been taken out of the stream already. */
  isLeaving: boolean;
}

export interface Tombstone extends RunRef {
  seq: number;
}

/** Which runs may leave the hot streams and which have. STORE_UNAVAILABLE while the archive cannot be reached. */
export abstract class TrimsPort {
  /** Closed runs that ended before, oldest first. */
  abstract due(endedBeforeMs: number, limit: number): Promise<DueRun[]>;
  /** Its entries are about to be taken out of the stream. */
  abstract leaving(run: RunRef): Promise<void>;
  /** The run is in the archive alone; its tombstone lies there from now on. */
  abstract trimmed(tombstone: Tombstone, nowMs: number): Promise<void>;
  /** The run stays in its stream for good: its archive does not hold. */
  abstract kept(run: RunRef): Promise<void>;
  /** Tombstones set before, oldest first. */
  abstract expired(trimmedBeforeMs: number, limit: number): Promise<Tombstone[]>;
  abstract forget(run: RunRef): Promise<void>;
}
