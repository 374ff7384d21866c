import { ACTIONS, PLACES, placeOf, WALK } from './plan.ts';
import { pointName } from './places.ts';
import type { SeedResult } from './seed.ts';

const WIDTH = 56;
type Walked = (typeof WALK)[number];

/** Where faults struck over all seeds, as a table: a row a place of the plan, struck or not, a column an action. */
export class Coverage {
  readonly #struck = new Map(
    [...PLACES].map(([place, actions]) => [place, new Map([...actions].map((action) => [action, 0]))]),
  );
  #missed = 0;

  add({ faults }: Pick<SeedResult, 'faults'>): void {
    for (const { fault, struck } of faults) {
      const row = this.#struck.get(placeOf(fault));
      if (struck) row?.set(fault.action, (row.get(fault.action) ?? 0) + 1);
      else this.#missed += 1;
    }
  }

  /** Whether this was struck. */
  has(walked: Walked): boolean {
    return (this.#struck.get(placeOfWalk(walked))?.get(walked.action) ?? 0) > 0;
  }

  /** What of the walk was not struck. */
  unwalked(): string[] {
    return WALK.filter((walked) => !this.has(walked)).map((walked) => `${placeOfWalk(walked)} ${walked.action}`);
  }

  rows(): Record<string, Record<string, number>> {
    const places = [...this.#struck].toSorted(([a], [b]) => a.localeCompare(b));
    return Object.fromEntries(places.map(([place, row]) => [place, Object.fromEntries(row)]));
  }

  /** `·` where the plan has no such fault. */
  table(): string {
    const head = `${'struck at'.padEnd(WIDTH)}${ACTIONS.map((action) => action.padStart(9)).join('')}`;
    const rows = Object.entries(this.rows());
    const lines = rows.map(
      ([place, row]) => place.padEnd(WIDTH) + ACTIONS.map((action) => String(row[action] ?? '·').padStart(9)).join(''),
    );
    const whole = rows.filter(([, row]) => Object.values(row).every((times) => times === 0)).length;
    return [
      head,
      ...lines,
      `places that nothing struck: ${whole} of ${rows.length}; points that a long pause did not: ${this.unwalked().length} of ${WALK.length}`,
      `not reached before the batch was over: ${this.#missed}`,
    ].join('\n');
  }
}

const placeOfWalk = (walked: Walked): string => pointName(walked.processes[0]!, walked);
