/** Open runs by tenant. */
export class TenantCounts {
  readonly #runs = new Map<string, number>();

  get runs(): ReadonlyMap<string, number> {
    return this.#runs;
  }

  count(tenant: string, change: 1 | -1): void {
    const runs = (this.#runs.get(tenant) ?? 0) + change;
    if (runs > 0) this.#runs.set(tenant, runs);
    else this.#runs.delete(tenant);
  }
}
