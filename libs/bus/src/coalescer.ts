/** Under load, what comes within so many milliseconds goes together. */
const WINDOW_MS = 1;

/**
 * Does once what is asked for often: at the end of this turn of the event loop, or, where it was done less than a
 * millisecond ago, after one. A lone request waits for nothing; under load few calls do the work of many.
 */
export class Coalescer {
  #isAsked = false;
  #doneAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly work: () => void) {}

  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    if (performance.now() - this.#doneAt < WINDOW_MS) setTimeout(() => this.flush(), WINDOW_MS);
    else setImmediate(() => this.flush());
  }

  /** At once, whether it was asked for or not. */
  flush(): void {
    this.#isAsked = false;
    this.#doneAt = performance.now();
    this.work();
  }
}
