/** Counts how often each step of a run has failed here; forgets the oldest beyond its bound. */
export class FailureCounts {
  readonly #counts = new Map<string, number>();

  constructor(readonly keysMax: number) {}

  /** The number of this failure of the call `<run>:<step>:<attempt>`, from 1; attempts of a step count together. */
  next(call: string): number {
    const key = call.split(':').slice(0, 2).join(':');
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.delete(key);
    this.#counts.set(key, count);
    if (this.#counts.size > this.keysMax) this.#counts.delete(this.#counts.keys().next().value ?? '');
    return count;
  }
}
