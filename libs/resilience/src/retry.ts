import { backoffMs, MeshError, pause } from '@signalbox/kernel';

export interface RetryOptions {
  /** All tries together, the first included. */
  attemptsMax: number;
  /** First wait, ms; doubles with each try, jittered. */
  baseMs: number;
  /** Longest wait, ms. Who asks for a longer one is not retried here. */
  capMs: number;
  signal: AbortSignal;
  shouldRetry: (error: unknown, attempt: number) => boolean;
  random?: () => number;
}

/**
 * Does the work until it succeeds, tries run out or it is not worth trying. Waits at least as long as
 * the error's `details.retryAfterMs` asks. Throws the last error, or the signal's reason once aborted.
 */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    options.signal.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (options.signal.aborted) throw error;
      const waitMs = Math.max(backoffMs(attempt, options.baseMs, options.capMs, options.random), retryAfterMs(error));
      if (attempt + 1 >= options.attemptsMax || waitMs > options.capMs || !options.shouldRetry(error, attempt))
        throw error;
      await pause(waitMs, options.signal);
    }
  }
}

function retryAfterMs(error: unknown): number {
  const asked = error instanceof MeshError ? error.details['retryAfterMs'] : undefined;
  return typeof asked === 'number' && asked > 0 ? asked : 0;
}
