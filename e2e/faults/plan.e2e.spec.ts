import { describe, expect, it } from 'vitest';
import { seedsFrom } from './campaign.ts';
import { Coverage } from './coverage.ts';
import { type Fault, faultsOf, nameOf, PLACES, placeOf, WALK } from './plan.ts';

const RUNS = 150;
const SEEDS = Array.from({ length: WALK.length }, (_, n) => n + 77);
const plans = SEEDS.map((seed) => faultsOf(seed, RUNS));

describe('the plan of faults', () => {
  it('comes to every point with every long pause in as many seeds as the walk has, from any', () => {
    const coverage = new Coverage();
    for (const faults of plans) coverage.add({ faults: faults.slice(0, 1).map((fault) => ({ fault, struck: true })) });
    expect(coverage.unwalked()).toEqual([]);
    const names = plans.map(([fault]) => `${placeOf(fault!)} ${fault!.action}`);
    expect(names).toEqual(
      expect.arrayContaining(['tool-runner before tool.began.v1 window', 'tool-runner before tool.began.v1 leases']),
    );
  });

  it('comes again to what was not reached, once the walk is whole, until it was', () => {
    const coverage = new Coverage();
    const [first = []] = plans;
    const strike = (faults: Fault[]): void =>
      coverage.add({ faults: faults.map((fault) => ({ fault, struck: true })) });
    for (const faults of plans.slice(1)) strike(faults.slice(0, 1));
    const seeds = seedsFrom(77, WALK.length, coverage);
    const took = SEEDS.map(() => seeds.next().value);
    expect(took).toEqual(SEEDS);
    expect([seeds.next().value, seeds.next().value]).toEqual([77 + WALK.length, 77 + 2 * WALK.length]);
    strike(first);
    expect(seeds.next().done).toBe(true);
    expect([...seedsFrom(77, 3, new Coverage())]).toEqual([77, 78, 79]);
  });

  it('is the same for the same seed, and strikes no process twice', () => {
    expect(SEEDS.map((seed) => faultsOf(seed, RUNS))).toEqual(plans);
    for (const faults of plans) expect(new Set(faults.map(({ process }) => process)).size).toBe(faults.length);
  });

  it('strikes nowhere but at places that the coverage lists, and shows those that nothing struck', () => {
    for (const fault of plans.flat()) expect(PLACES.get(placeOf(fault)), nameOf(fault)).toContain(fault.action);
    expect(Object.keys(new Coverage().rows()).length).toBe(PLACES.size);
    expect(new Coverage().table()).toMatch(/^guard before run\.accepted\.v1 +0 +0 +0 +0 +·$/m);
  });
});
