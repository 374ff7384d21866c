/** Runs kept here; beyond, the oldest are read as if somebody else had written them. */
const KEPT_MAX = 4_096;

/** Runs that ended with an own decision, and its sequence: until the reader brings it. */
export class ClosingRuns {
  readonly #lastSeqs = new Map<string, number>();

  expect(subject: string, seq: number): void {
    this.#lastSeqs.set(subject, seq);
    if (this.#lastSeqs.size <= KEPT_MAX) return;
    const [oldest] = this.#lastSeqs.keys();
    if (oldest !== undefined) this.#lastSeqs.delete(oldest);
  }

  lastSeqOf(subject: string): number | undefined {
    return this.#lastSeqs.get(subject);
  }

  delete(subject: string): void {
    this.#lastSeqs.delete(subject);
  }

  clear(): void {
    this.#lastSeqs.clear();
  }
}
