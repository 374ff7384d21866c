import type { MeshError } from '@signalbox/kernel';

export interface DeadlineOptions {
  /** From now, ms. Not positive: already over. */
  timeoutMs: number;
  /** Aborts it too, with its own reason. */
  signal?: AbortSignal | undefined;
  /** What the signal's reason is when time is up. */
  reason: () => MeshError;
}

/** A signal that aborts when time is up or the outer signal does. Dispose it when the work has ended. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** True when time was up, not the outer signal. */
  readonly expired: boolean;
}

const TIMER_MS_MAX = 2_147_483_647;

/** Composes by hand: `AbortSignal.any` keeps its sources alive on long-lived signals. */
export function deadline(options: DeadlineOptions): Deadline {
  const controller = new AbortController();
  const outer = options.signal;
  let expired = false;
  const expire = (): void => {
    expired = true;
    controller.abort(options.reason());
  };
  const follow = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  else if (options.timeoutMs <= 0) expire();
  const timer = controller.signal.aborted ? undefined : setTimeout(expire, Math.min(options.timeoutMs, TIMER_MS_MAX));
  if (!controller.signal.aborted) outer?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', follow);
    },
  };
}
