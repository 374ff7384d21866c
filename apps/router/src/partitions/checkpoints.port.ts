import type { ParkedRun } from './parked-runs.js';

/** From where a new reader of a partition must fold, and how far the last one came. */
export interface Checkpoint {
  /** First entry of the oldest run that was still open and is not among `parked`, or the first entry not read. */
  foldFromSeq: number;
  lastSeq: number;
  /** Of the stream: how often it was rebuilt. */
  incarnation: number;
  /** Open runs that only wait, and quarantined ones: they are read when they are due, or something comes for them. */
  parked: readonly ParkedRun[];
}

export abstract class CheckpointsPort {
  /** Null when there is none, or none that can be read: then everything is folded. */
  abstract load(partition: string): Promise<Checkpoint | null>;
  abstract save(partition: string, checkpoint: Checkpoint): Promise<void>;
}
