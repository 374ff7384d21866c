import { subjects } from '@signalbox/contracts';
import type { Logger } from '@signalbox/telemetry';
import type { RunShell } from '../runs/run-shell.js';
import { type KeptRuns, type ParkedRun, placeOf } from './parked-runs.js';

/** About 200 bytes each; any more are folded by whoever takes over. */
const KEPT_MAX = 2_000;

/**
 * Runs with an entry that this version cannot read. Nothing happens to them here, whatever comes for them; they keep their
 * place in the checkpoint, so that whoever takes over reads them again, and goes on with those that it understands.
 */
export class QuarantinedRuns {
  readonly #runs = new Map<string, ParkedRun>();
  #beyondSeq = Number.POSITIVE_INFINITY;

  constructor(private readonly logger: Logger) {}

  add(shell: RunShell): void {
    const { ref, state } = shell;
    this.logger.error({ runId: ref.runId, why: state.error?.message }, 'a run is quarantined');
    // Without its beginning, as where only a tombstone is left of it, no version can go on with it.
    if (state.accepted === null) return;
    if (this.#runs.size >= KEPT_MAX) this.#beyondSeq = Math.min(this.#beyondSeq, state.firstSeq);
    else this.#runs.set(subjects.run(ref.tenant, ref.runId), placeOf(shell, 0));
  }

  has(subject: string): boolean {
    return this.#runs.has(subject);
  }

  /** For a checkpoint: each is due at once. */
  list(): KeptRuns {
    return { runs: [...this.#runs.values()], beyondSeq: this.#beyondSeq };
  }

  clear(): void {
    this.#runs.clear();
  }
}
