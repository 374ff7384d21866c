import { MeshError } from '@signalbox/kernel';

/** The calls that run here, by run, so that a cancel finds them. */
export class Cancellations {
  readonly #running = new Map<string, Set<AbortController>>();

  /** A signal that follows `outer` and the cancel of the run. Dispose it when the call has ended. */
  enter(runId: string, outer: AbortSignal): { signal: AbortSignal } & Disposable {
    const controller = new AbortController();
    const calls = this.#running.get(runId) ?? new Set();
    this.#running.set(runId, calls.add(controller));
    const follow = (): void =>
      controller.abort(new MeshError('SHUTTING_DOWN', 'The service stops before the model has answered.'));
    if (outer.aborted) follow();
    else outer.addEventListener('abort', follow, { once: true });
    return {
      signal: controller.signal,
      [Symbol.dispose]: () => {
        outer.removeEventListener('abort', follow);
        calls.delete(controller);
        if (calls.size === 0 && this.#running.get(runId) === calls) this.#running.delete(runId);
      },
    };
  }

  cancel(runId: string): void {
    for (const call of this.#running.get(runId) ?? [])
      call.abort(new MeshError('RUN_CANCELLED', 'The run was cancelled.'));
  }
}
