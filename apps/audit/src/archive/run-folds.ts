import { evolveAll, hasEnded, isClosed, newRun, type RunState, type StoredEntry } from '@signalbox/run-engine';
import { MeshError } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { RunRef } from './archive.port.js';
import type { ArchivedRun } from './entities/archived-run.entity.js';
import type { TouchedRun } from './partition-batch.js';
import { projectRun } from './project-run.js';

/** Open runs of one partition whose state is kept, and the bytes of entries that went into them; about 10 KB a run. */
const RUNS_MAX = 4_096;
const BYTES_MAX = 16 * 1_048_576;

/** What the archive holds already. */
export interface ArchivedRuns {
  known(runs: readonly RunRef[]): Promise<ReadonlySet<string>>;
  read(run: RunRef): Promise<StoredEntry[]>;
}

interface Fold {
  state: RunState;
  bytes: number;
}

const BEGINNINGS: ReadonlySet<string | undefined> = new Set(['run.accepted.v1', 'run.spawned.v1', 'run.refused.v1']);
const subjectOf = ({ entries }: TouchedRun): string => entries[0]?.subject ?? '';

/** The states that a batch leads to. They count once it is kept. */
export interface Advance {
  /** Rows of the runs whose row changes. */
  rows: ArchivedRun[];
  commit(): void;
}

/**
 * States of a partition's open runs, so that one more entry costs a step of the fold and no read of the whole run.
 * Bounded: the run that was touched longest ago goes first, and is read from the archive when it comes again.
 */
export class RunFolds {
  readonly #folds = new Map<string, Fold>();
  #bytes = 0;

  constructor(
    private readonly archive: ArchivedRuns,
    private readonly logger: Logger,
    private readonly limits = { runsMax: RUNS_MAX, bytesMax: BYTES_MAX },
  ) {}

  get size(): number {
    return this.#folds.size;
  }

  async advance(runs: readonly TouchedRun[]): Promise<Advance> {
    const rows: ArchivedRun[] = [];
    const next = new Map<string, Fold>();
    const begun = await this.#begun(runs);
    for (const run of runs) {
      const { state, bytes } = await this.#before(run, begun.has(run));
      const after = evolveAll(state, run.entries);
      next.set(after.subject, { state: after, bytes: bytes + run.bytes });
      // An answer that comes after the end still costs money, and the conversation is saved after it.
      const row = run.turned || hasEnded(state) ? this.#project(run.ref, after) : null;
      if (row !== null) rows.push(row);
    }
    return { rows, commit: () => next.forEach((fold, subject) => this.#put(subject, fold)) };
  }

  /** Runs whose first entry this is: what begins a run may come late once more, and then begins none. */
  async #begun(runs: readonly TouchedRun[]): Promise<ReadonlySet<TouchedRun>> {
    const begin = runs.filter((run) => BEGINNINGS.has(run.entries[0]?.entry?.kind) && !this.#folds.has(subjectOf(run)));
    if (begin.length === 0) return new Set();
    const known = await this.archive.known(begin.map(({ ref }) => ref));
    return new Set(begin.filter(({ ref }) => !known.has(ref.runId)));
  }

  async #before(run: TouchedRun, isBegun: boolean): Promise<Fold> {
    const subject = subjectOf(run);
    const known = this.#folds.get(subject);
    if (known !== undefined) return known;
    if (isBegun) return { state: newRun(subject), bytes: 0 };
    const archived = await this.archive.read(run.ref);
    const bytes = archived.reduce((sum, entry) => sum + entry.bytes.length, 0);
    return { state: evolveAll(newRun(subject), archived), bytes };
  }

  /** A journal that cannot be summed up must not keep its neighbours from the archive. */
  #project(ref: RunRef, state: RunState): ArchivedRun | null {
    try {
      return projectRun(ref, state);
    } catch (error) {
      this.logger.error({ err: MeshError.from(error), runId: ref.runId }, 'a run could not be summed up');
      return null;
    }
  }

  #put(subject: string, fold: Fold): void {
    this.#drop(subject);
    if (isClosed(fold.state)) return;
    this.#folds.set(subject, fold);
    this.#bytes += fold.bytes;
    for (const oldest of this.#folds.keys()) {
      if (this.#folds.size <= this.limits.runsMax && this.#bytes <= this.limits.bytesMax) return;
      this.#drop(oldest);
    }
  }

  #drop(subject: string): void {
    this.#bytes -= this.#folds.get(subject)?.bytes ?? 0;
    this.#folds.delete(subject);
  }
}
