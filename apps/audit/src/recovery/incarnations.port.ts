import type { ArchivedEntry, Position, RunRef } from '../archive/archive.port.js';

/** An archived entry that must still lie in the stream. */
export interface Anchor {
  seq: number;
  bytes: Uint8Array;
}

/** Runs of a rebuild, a page at a time, by id. */
export interface RunPage {
  partition: string;
  incarnation: number;
  after: string;
  limit: number;
}

/** What the archive knows of streams that came back without entries. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class IncarnationsPort {
  /** The newest entry at or below the sequence that nobody took out of the stream; null when there is none. */
  abstract anchor(partition: string, untilSeq: number): Promise<Anchor | null>;
  /**
   * From now on the stream is another one, equal to the archived up to `cutSeq`. What came after counts only for runs that
   * are closed. CONFLICT when somebody else was faster.
   */
  abstract open(partition: string, from: Position, cutSeq: number, nowMs: number): Promise<void>;
  /** Closed runs that have entries beyond the cut: the archive holds them whole. */
  abstract closedRuns(page: RunPage): Promise<RunRef[]>;
  /** Runs that go on, and those whose entries beyond the cut do not count any more. */
  abstract openRuns(page: RunPage): Promise<RunRef[]>;
  /** The entries of a run beyond the cut that do not count any more, in order. */
  abstract lost(run: RunRef, incarnation: number): Promise<ArchivedEntry[]>;
  /** The archive alone holds the run; its tombstone lies there. */
  abstract entombed(run: RunRef, seq: number, nowMs: number): Promise<void>;
  abstract done(partition: string, incarnation: number, nowMs: number): Promise<void>;
}
