/** How far the archive of one partition is and how far it was behind. */
export interface Pace {
  partition: string;
  /** Last sequence archived by this process; 0 before the first. */
  archivedSeq: number;
  /** Archived by this process, in all. */
  entries: number;
  batches: number;
  /** Between storing on the bus and committing here, of the oldest entry of a batch, ms: of the last batch, and the most of the last minute or two. */
  lagMs: number;
  lagMsMax: number;
}

const WINDOW_MS = 60_000;

/** Counts what is archived, and measures how late. */
export class ArchivePace {
  #archivedSeq = 0;
  #entries = 0;
  #batches = 0;
  #lagMs = 0;
  #max = 0;
  #maxBefore = 0;
  #windowUntil = 0;

  constructor(private readonly partition: string) {}

  note(entries: number, lastSeq: number, oldestAt: number | null, nowMs: number): void {
    this.#archivedSeq = lastSeq;
    this.#entries += entries;
    this.#batches += 1;
    if (oldestAt === null) return;
    this.#turn(nowMs);
    this.#lagMs = Math.max(0, nowMs - oldestAt);
    this.#max = Math.max(this.#max, this.#lagMs);
  }

  read(nowMs: number): Pace {
    this.#turn(nowMs);
    return {
      partition: this.partition,
      archivedSeq: this.#archivedSeq,
      entries: this.#entries,
      batches: this.#batches,
      lagMs: this.#lagMs,
      lagMsMax: Math.max(this.#max, this.#maxBefore),
    };
  }

  #turn(nowMs: number): void {
    if (nowMs < this.#windowUntil) return;
    this.#maxBefore = nowMs < this.#windowUntil + WINDOW_MS ? this.#max : 0;
    this.#max = 0;
    this.#windowUntil = nowMs + WINDOW_MS;
  }
}
