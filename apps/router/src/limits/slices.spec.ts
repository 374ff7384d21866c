import type { BudgetV1 } from '@signalbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOverShare, noBudget, rebalanced, sliceOf } from './slices.js';

const PARTITIONS = ['00', '01', '02', '03'];
interface Side {
  inUse: number;
  waiting: number;
}
const sum = (budget: BudgetV1): number => Object.values(budget.slices).reduce((all, { count }) => all + count, 0);

/** Partitions that use a limit as routers do: start within the slice, look again when something ends or is wanted. */
class World {
  budget: BudgetV1;
  readonly sides = new Map<string, Side>(PARTITIONS.map((name) => [name, { inUse: 0, waiting: 0 }]));
  readonly served = new Map<string, number>();
  version = 1;

  constructor(public limit: number) {
    this.budget = noBudget(limit, 1);
  }

  /** Uses what it was given before it looks: a slice that is handed on unused serves nobody. */
  look(name: string): void {
    this.start(name);
    this.rebalance(name);
    this.start(name);
  }
  rebalance(name: string): void {
    const side = this.sides.get(name)!;
    const need = { partition: name, owner: `owner-${name}`, ...side, limit: this.limit, version: this.version };
    this.budget = rebalanced(this.budget, need);
    expect(sliceOf(this.budget, name)).toBeGreaterThanOrEqual(0);
  }
  start(name: string): void {
    const side = this.sides.get(name)!;
    while (side.waiting > 0 && side.inUse < sliceOf(this.budget, name)) {
      side.waiting -= 1;
      side.inUse += 1;
      this.served.set(name, (this.served.get(name) ?? 0) + 1);
    }
  }
  end(name: string): void {
    const side = this.sides.get(name)!;
    if (side.inUse === 0) return;
    side.inUse -= 1;
    this.rebalance(name);
    this.start(name);
  }
  get inUse(): number {
    return [...this.sides.values()].reduce((all, side) => all + side.inUse, 0);
  }
  get waiting(): number {
    return [...this.sides.values()].reduce((all, side) => all + side.waiting, 0);
  }
}

const move = fc.record({
  kind: fc.constantFrom('arrive', 'arrive', 'look', 'end', 'end'),
  partition: fc.constantFrom(...PARTITIONS),
});

describe('slices', () => {
  it('never sum up to more than the limit, nor is more in use, whatever happens in which order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(move, { maxLength: 300 }), (limit, moves) => {
        const world = new World(limit);
        for (const { kind, partition } of moves) {
          if (kind === 'arrive') world.sides.get(partition)!.waiting += 1;
          else if (kind === 'end') world.end(partition);
          else world.look(partition);
          expect(sum(world.budget)).toBeLessThanOrEqual(limit);
          expect(world.inUse).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('reach everyone who waits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat(12), { minLength: 4, maxLength: 4 }),
        (limit, runs) => {
          const world = new World(limit);
          PARTITIONS.forEach((name, n) => (world.sides.get(name)!.waiting = runs[n]!));
          for (let round = 0; round < 200 && world.waiting + world.inUse > 0; round++)
            for (const name of PARTITIONS) {
              world.look(name);
              world.end(name);
            }
          expect([world.waiting, world.inUse]).toEqual([0, 0]);
        },
      ),
    );
  });

  it.each([1, 2, 3, 8])('of a limit of %d go round while all partitions have more than enough to do', (limit) => {
    const world = new World(limit);
    for (const side of world.sides.values()) side.waiting = 1_000;
    for (let round = 0; round < 50; round++)
      for (const name of PARTITIONS) {
        world.look(name);
        if (round % 2 === 0) world.end(name);
      }
    const served = PARTITIONS.map((name) => world.served.get(name) ?? 0);
    expect(Math.min(...served)).toBeGreaterThan(0);
    expect(Math.max(...served)).toBeLessThanOrEqual(4 * Math.min(...served));
  });

  it('go to whoever wants them as soon as they are idle', () => {
    const world = new World(4);
    world.sides.get('00')!.waiting = 4;
    world.look('00');
    world.sides.get('01')!.waiting = 2;
    world.look('01');
    expect(PARTITIONS.map((name) => sliceOf(world.budget, name))).toEqual([4, 0, 0, 0]);
    const { inUse, waiting } = world.sides.get('00')!;
    expect(isOverShare(world.budget, '00', inUse, waiting)).toBe(false);
    expect(isOverShare(world.budget, '00', inUse - 1, waiting)).toBe(true);
    world.end('00');
    world.end('00');
    world.look('01');
    expect(PARTITIONS.map((name) => sliceOf(world.budget, name))).toEqual([2, 2, 0, 0]);
    expect(world.budget.wants).toEqual([]);
  });

  it('shrink with a limit that a newer bundle lowers, as their uses end; an older bundle changes nothing', () => {
    const world = new World(4);
    world.sides.get('00')!.waiting = 4;
    world.look('00');
    Object.assign(world, { limit: 1, version: 2 });
    world.look('00');
    expect(sum(world.budget)).toBe(4);
    for (let n = 0; n < 3; n++) world.end('00');
    expect([sum(world.budget), world.budget.limit]).toEqual([1, 1]);
    Object.assign(world, { limit: 9, version: 1 });
    world.look('00');
    expect(world.budget.limit).toBe(1);
  });
});
