/** What an app says against its own readiness, beside what its buses say. */
export class Readiness {
  readonly #faults = new Map<string, string>();

  /** `why` in words, or null when all is well again. */
  say(topic: string, why: string | null): void {
    if (why === null) this.#faults.delete(topic);
    else this.#faults.set(topic, why);
  }

  state(): { ok: boolean; why?: string } {
    return this.#faults.size === 0 ? { ok: true } : { ok: false, why: [...this.#faults.values()].join('; ') };
  }
}
