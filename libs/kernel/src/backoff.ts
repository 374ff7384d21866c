/** Longest time that a timer takes; beyond, it would fire at once. */
const TIMER_MS_MAX = 2_147_483_647;

/**
 * How long to wait before the next try; `attempt` counts from 0. The bound is `baseMs · 2^attempt`, at most `capMs`;
 * the wait is random in its upper half, so that many who failed together do not come back together.
 */
export function backoffMs(attempt: number, baseMs: number, capMs: number, random: () => number = Math.random): number {
  const bound = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(bound / 2 + (random() * bound) / 2);
}

/** Resolves after `ms` (at most 24 days), or at once when the signal aborts. Leaves no listener behind. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(ms, TIMER_MS_MAX));
    signal?.addEventListener('abort', done, { once: true });
  });
}
