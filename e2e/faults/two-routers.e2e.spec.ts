import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PARTITION_NAMES } from '@signalbox/contracts';
import { testFolder, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultMesh } from './fault-mesh.ts';
import type { Fault } from './plan.ts';
import { Seed } from './seed.ts';

const RUNS = 80;
const GREEDY = join(import.meta.dirname, 'greedy-router.mjs');
const STOPPED: Fault = {
  at: 'point',
  process: 'router',
  kind: 'decision.v1',
  phase: 'sent',
  nth: 40,
  action: 'window',
};

describe('two routers that both believe to hold every partition', () => {
  let mesh: FaultMesh;
  beforeAll(async () => {
    const hooks = { router: GREEDY, 'router-2': GREEDY };
    mesh = await FaultMesh.start(testFolder('two-routers'), { hooks });
  });
  afterAll(() => mesh?.stop());

  it('read all of them', async () => {
    for (const router of ['router', 'router-2']) {
      const folded = (): number =>
        readFileSync(join(mesh.mesh.stack.logsDir, `${router}.log`), 'utf8').split('a partition is folded').length - 1;
      await waitFor(() => folded() >= PARTITION_NAMES.length, { what: `${router} to read all` });
      expect(folded()).toBe(PARTITION_NAMES.length);
    }
  });

  it.each<[string, Fault[]]>([
    ['beside each other', []],
    ['where one is stopped while its decision is on its way', [STOPPED]],
  ])('decide nothing twice, %s', async (_where, faults) => {
    const { wrongs } = await new Seed(mesh, 11 + faults.length, { runs: RUNS, faults }).run();
    expect(wrongs).toEqual([]);
  });
});
