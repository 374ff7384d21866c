import { Injectable } from '@nestjs/common';

/** Cancelled runs that are remembered, the newest; their work may lie in the queue still. */
const TOLD_MAX = 16_384;

export interface RunningCall {
  /** Aborts when the run is cancelled or the work is taken back. */
  signal: AbortSignal;
  /** A cancel of the run was heard before: whether it goes on stands in its journal. */
  wasTold: boolean;
  cancelled(): boolean;
  /** Must be called at the end. */
  done(): void;
}

/** The calls that run now, so that a cancelled run can stop its own at once. */
@Injectable()
export class Cancellations {
  readonly #running = new Map<string, Set<AbortController>>();
  readonly #told = new Set<string>();

  begin(runId: string, outer: AbortSignal): RunningCall {
    const controller = new AbortController();
    const ofRun = this.#running.get(runId) ?? new Set();
    this.#running.set(runId, ofRun.add(controller));
    return {
      signal: AbortSignal.any([controller.signal, outer]),
      wasTold: this.#told.has(runId),
      cancelled: () => controller.signal.aborted,
      done: () => {
        ofRun.delete(controller);
        if (ofRun.size === 0) this.#running.delete(runId);
      },
    };
  }

  cancel(runId: string): void {
    this.#told.add(runId);
    const [oldest] = this.#told;
    if (this.#told.size > TOLD_MAX && oldest !== undefined) this.#told.delete(oldest);
    for (const controller of this.#running.get(runId) ?? []) controller.abort();
  }
}
