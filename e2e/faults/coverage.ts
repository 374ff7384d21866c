import type { SeedResult } from './seed.ts';
import { ACTIONS, type Fault, whatOf } from './plan.ts';

const WIDTH = 56;

/** Where faults struck over all seeds, as a table: a row a place, a column an action. */
export class Coverage {
  readonly #struck = new Map<string, Map<string, number>>();
  #missed = 0;

  add({ faults }: SeedResult): void {
    for (const { fault, struck } of faults) {
      if (!struck) {
        this.#missed += 1;
        continue;
      }
      const row = this.#struck.get(placeOf(fault)) ?? new Map<string, number>();
      this.#struck.set(placeOf(fault), row.set(fault.action, (row.get(fault.action) ?? 0) + 1));
    }
  }

  rows(): Record<string, Record<string, number>> {
    const places = [...this.#struck].toSorted(([a], [b]) => a.localeCompare(b));
    return Object.fromEntries(places.map(([place, row]) => [place, Object.fromEntries(row)]));
  }

  table(): string {
    const head = `${'struck at'.padEnd(WIDTH)}${ACTIONS.map((action) => action.padStart(9)).join('')}`;
    const lines = Object.entries(this.rows()).map(
      ([place, row]) => place.padEnd(WIDTH) + ACTIONS.map((action) => String(row[action] ?? '·').padStart(9)).join(''),
    );
    return [head, ...lines, `not reached before the batch was over: ${this.#missed}`].join('\n');
  }
}

function placeOf(fault: Fault): string {
  const service = fault.process.replace(/-2$/, '');
  return fault.at === 'point' ? `${service} ${fault.phase} ${whatOf(fault)}` : `${service} at any time`;
}
