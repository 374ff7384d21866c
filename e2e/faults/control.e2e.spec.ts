import { join } from 'node:path';
import { testFolder } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultMesh } from './fault-mesh.ts';
import type { Fault } from './plan.ts';
import { Seed } from './seed.ts';

const RUNS = 60;
const SEEDS_MAX = 5;
const WITHOUT_CLAIMS = join(import.meta.dirname, 'without-claims.mjs');
/** Between the deed and its result: where only the claim keeps the next worker from doing it again. */
const FAULTS: readonly Fault[] = ['tool-runner', 'tool-runner-2'].map((process) => ({
  at: 'point',
  process,
  kind: 'tool.completed.v1',
  phase: 'before',
  nth: 10,
  action: 'kill',
}));

/** What says that all is well must be able to say otherwise. */
describe('the harness, where tool runners do not claim what they begin', () => {
  let mesh: FaultMesh;
  beforeAll(async () => {
    const hooks = { 'tool-runner': WITHOUT_CLAIMS, 'tool-runner-2': WITHOUT_CLAIMS };
    mesh = await FaultMesh.start(testFolder('control'), { hooks });
  });
  afterAll(() => mesh?.stop());

  it('finds that something unsafe was done twice', { timeout: 600_000 }, async () => {
    let twice: string[] = [];
    // What dies between deed and result is a matter of luck, though not for long.
    for (let seed = 1; seed <= SEEDS_MAX && twice.length === 0; seed++) {
      const { wrongs } = await new Seed(mesh, seed, { runs: RUNS, faults: FAULTS }).run();
      twice = wrongs.filter((wrong) => /unsafe .* was done 2 times/.test(wrong));
    }
    expect(twice.length).toBeGreaterThan(0);
  });
});
