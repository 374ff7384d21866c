import type { RawEntry } from '@signalbox/bus';
import type { JournalBody } from '@signalbox/contracts';
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
  /** Appends an archived entry again, as it was; gives its sequence, null when something came after `lastSeq`. */
  abstract restore(run: RunRef, stored: Pick<RawEntry, 'bytes' | 'claimed'>, lastSeq: number): Promise<number | null>;
  /** Says in the journal that it was rebuilt; null when something came after `lastSeq`. */
  abstract setRecovered(run: RunRef, body: JournalBody<'run.recovered.v1'>, lastSeq: number): Promise<number | null>;
  /** Takes out everything below the sequence. */
  abstract clear(run: RunRef, beforeSeq: number): Promise<void>;
  /** Takes out the bodies of these entries that lie in the object store. */
  abstract removeBodies(run: RunRef, entries: readonly RawEntry[]): Promise<void>;
}
