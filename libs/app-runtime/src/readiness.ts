/** What an app says against its own readiness, beside what its buses say. */
export class Readiness {
  readonly #faults = new Map<string, string>();
  readonly #details = new Map<string, () => unknown>();

  /** `why` in words, or null when all is well again. */
  say(topic: string, why: string | null): void {
    if (why === null) this.#faults.delete(topic);
    else this.#faults.set(topic, why);
  }

  /** Something that health tells beside, read whenever it is asked. */
  tell(topic: string, read: () => unknown): void {
    this.#details.set(topic, read);
  }

  details(): Record<string, unknown> {
    return Object.fromEntries(Array.from(this.#details, ([topic, read]) => [topic, read()]));
  }

  state(): { ok: boolean; why?: string } {
    return this.#faults.size === 0 ? { ok: true } : { ok: false, why: [...this.#faults.values()].join('; ') };
  }
}
