/** A bounded queue between a callback and one reader. When full, the newest is dropped. */
export class Inbox<T> {
  readonly #items: T[] = [];
  #wake: (() => void) | undefined;

  constructor(private readonly itemsMax: number) {}

  put(item: T): void {
    if (this.#items.length < this.itemsMax) this.#items.push(item);
    this.#wake?.();
  }

  /** The next item, or undefined after `waitMs` or when aborted. */
  async take(waitMs: number, signal: AbortSignal): Promise<T | undefined> {
    if (this.#items.length === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          this.#wake = undefined;
          resolve();
        };
        const timer = setTimeout(wake, waitMs);
        signal.addEventListener('abort', wake, { once: true });
        this.#wake = wake;
      });
    }
    return this.#items.shift();
  }
}
