import { Injectable } from '@nestjs/common';

/** The calls that run now, so that a cancelled run can stop its own at once. */
@Injectable()
export class Cancellations {
  readonly #running = new Map<string, Set<AbortController>>();

  /** A signal that aborts when the run is cancelled or `outer` aborts; `done` must be called at the end. */
  begin(runId: string, outer: AbortSignal): { signal: AbortSignal; cancelled(): boolean; done(): void } {
    const controller = new AbortController();
    const ofRun = this.#running.get(runId) ?? new Set();
    this.#running.set(runId, ofRun.add(controller));
    return {
      signal: AbortSignal.any([controller.signal, outer]),
      cancelled: () => controller.signal.aborted,
      done: () => {
        ofRun.delete(controller);
        if (ofRun.size === 0) this.#running.delete(runId);
      },
    };
  }

  cancel(runId: string): void {
    for (const controller of this.#running.get(runId) ?? []) controller.abort();
  }
}
