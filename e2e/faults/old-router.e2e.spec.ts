import { testFolder } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultMesh } from './fault-mesh.ts';
import type { Action, Fault } from './plan.ts';
import { hasPreviousRelease, PREVIOUS_RELEASE, previousApps } from './previous-release.ts';
import { Seed } from './seed.ts';

const RUNS = 60;
const OLD = 'router-old';
const BUILD_TIMEOUT_MS = 300_000;
const strike = (process: string, nth: number, action: Action): Fault => ({
  at: 'point',
  process,
  kind: 'decision.v1',
  phase: 'stored',
  nth,
  action,
});

const there = hasPreviousRelease();
if (!there) process.stdout.write(`skipped: the history of this clone does not reach back to ${PREVIOUS_RELEASE}\n`);

describe.skipIf(!there)('a router of the previous release beside one of this, on the same partitions', () => {
  let mesh: FaultMesh;
  beforeAll(async () => {
    const instances = [{ name: OLD, service: 'router', appsDir: previousApps() }] as const;
    // It knows neither signatures over several entries, nor packed decisions, nor large bodies that are named by their run.
    const plain = { SIGNALBOX_COMPACT_ENTRIES: 'false' };
    const guard = { ...plain, SIGNALBOX_SEALS_TOGETHER: 'false' };
    const env = { guard, router: plain, inference: plain, 'tool-runner': plain, memory: plain };
    mesh = await FaultMesh.start(testFolder('old-router'), { instances, env, plain: true });
  }, BUILD_TIMEOUT_MS);
  afterAll(() => mesh?.stop());

  it.each<[string, Fault[]]>([
    [
      'goes on with what the new one decided, when that is stopped for longer than its leases',
      [strike('router', 20, 'leases')],
    ],
    [
      'leaves what the new one goes on with, when it is stopped for longer than its leases',
      [strike(OLD, 20, 'leases')],
    ],
    ['and back, when one dies after the other', [strike(OLD, 15, 'kill'), strike('router', 60, 'kill')]],
  ])('%s', async (what, faults) => {
    const result = await new Seed(mesh, what.length, { runs: RUNS, faults }).run();
    expect(result.wrongs).toEqual([]);
    // Struck at a decision of its own: both have decided.
    expect(result.faults.map(({ struck }) => struck)).toEqual(faults.map(() => true));
  });
});
