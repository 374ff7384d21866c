const FIRST_PAUSE_MS = 2;
const PAUSE_MAX_MS = 100;
/** Only what fails waits so long: ample for a busy machine, and less than a spec may take. ms. */
const TIMEOUT_MS = 25_000;

export interface WaitOptions {
  timeoutMs?: number;
  /** What is waited for, as the error will name it. */
  what: string;
}

/**
 * Asks again and again until `condition` gives something truthy, and returns that. A condition that throws counts as
 * not yet; its last error is the cause of the timeout's. Default limit 25 s.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = TIMEOUT_MS, what }: WaitOptions,
): Promise<Exclude<T, null | undefined | false | 0 | ''>> {
  const deadline = performance.now() + timeoutMs;
  let pauseMs = FIRST_PAUSE_MS;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, null | undefined | false | 0 | ''>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) throw new Error(`gave up after ${timeoutMs} ms waiting for ${what}`, { cause });
    const wait = pauseMs;
    await new Promise((resolve) => setTimeout(resolve, wait));
    pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
  }
}
