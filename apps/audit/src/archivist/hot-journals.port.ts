import type { RunRef } from '../archive/archive.port.js';

/** The journals in the hot streams, for the one who may take entries out of them. */
export abstract class HotJournalsPort {
  /** False where the server, or the age of the stream, forbids it. */
  abstract mayTrim(partition: string): Promise<boolean>;
  /** Sets the tombstone behind `lastSeq` and gives its sequence; null when something came after it. */
  abstract setTombstone(
    run: RunRef,
    lastSeq: number,
    before: { entries: number; head: string },
  ): Promise<number | null>;
  /** Takes out everything below the sequence. */
  abstract clear(run: RunRef, beforeSeq: number): Promise<void>;
}
