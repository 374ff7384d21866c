import type { RunRef } from '@signalbox/bus';
import { childRunIdFor } from '@signalbox/contracts';
import { explain, isClosed, isParked, isPaused, type RunState } from '@signalbox/run-engine';
import { waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ChildrenService } from './dispatch/children.service.js';
import { type Plan, TENANT, type Workers } from './mesh.fixture.js';
import { RouterMesh, SOUND } from './router-mesh.fixture.js';

const LEAF: Plan = { steps: [['look']] };
const MIDDLE: Plan = { steps: [['delegate', 'look', 'delegate']], below: LEAF };
const TOP: Plan = { steps: [['delegate', 'delegate'], ['look']], below: MIDDLE };

/** Its runs die before they can say that they are over. */
class Silent extends ChildrenService {
  override report(): void {}
}
const silent = [{ provide: ChildrenService, useClass: Silent }];
const TEST_TIMEOUT_MS = 120_000;
/** What takes so long has no part in how a test ends. */
const NEVER_MS = 60_000;

describe('runs that carry out calls of runs', { timeout: TEST_TIMEOUT_MS }, () => {
  let world: RouterMesh;
  let workers: Workers;
  const start = (...args: Parameters<RouterMesh['startRouter']>): Promise<unknown> => world.startRouter(...args);
  const stateOf = (run: RunRef): Promise<RunState> => world.stateOf(run);
  const below = (run: RunRef, callId: string): RunRef => ({ ...run, runId: childRunIdFor(run.runId, callId) });
  const settled = async (runs: RunRef[], timeoutMs = 60_000): Promise<void> => {
    const open = [...runs];
    const goOn = async (): Promise<boolean> => {
      while (open.length > 0 && isClosed(await stateOf(open[0]!))) open.shift();
      return open.length === 0;
    };
    try {
      await waitFor(goOn, { timeoutMs, what: 'every run to end' });
    } catch (error) {
      const story = explain(await world.entriesOf(open[0]!)).map(({ at, who, text }) => `${at} ${who} ${text}`);
      throw new Error(`${open.length} runs are open, the first of them:\n${story.join('\n')}`, { cause: error });
    }
  };
  /** Every run below, with its parent. */
  const tree = async (run: RunRef): Promise<RunState[]> => {
    const state = await stateOf(run);
    const callIds = Object.values(state.calls).flatMap(({ callId, child }) => (child === null ? [] : callId));
    const lower = await Promise.all(callIds.map((callId) => tree(below(run, callId))));
    return [state, ...lower.flat()];
  };
  const expectSound = async (run: RunRef): Promise<void> => expect(await world.check(run)).toMatchObject(SOUND);

  beforeAll(async () => {
    world = await RouterMesh.start('router-children');
    workers = world.workers;
  });
  afterEach(() => world.stopRouters());
  afterAll(() => world.stop());

  it('completes trees of runs, though few may be worked on at once and all share a session', async () => {
    const runs = await Promise.all(Array.from({ length: 10 }, () => workers.accept(TOP, 'one-session')));
    await start({ activeRunsMax: 1 });
    await settled(runs);
    for (const run of runs) {
      const all = await tree(run);
      expect(all).toHaveLength(1 + 2 + 4);
      for (const state of all) {
        expect(state).toMatchObject({ status: 'completed', output: 'Done.', reportCount: 0 });
        await expectSound({ tenant: TENANT, runId: state.accepted!.runId });
      }
      // 3 model calls of the first, 2 of each below; 3 calls of the first, 3 of each middle one, 1 of each leaf.
      expect(all[0]).toMatchObject({ costNanoUsd: (3 + 6 * 2) * 20, toolCalls: 3 + 2 * 3 + 4 });
    }
    await waitFor(() => [...world.routers[0]!.partitions.owned().values()].every(({ openRuns }) => openRuns === 0), {
      what: 'ended runs to leave memory',
    });
  });

  it('goes on when the router died between the end of a run and its report', async () => {
    const run = await workers.accept({ steps: [['delegate']], below: LEAF });
    await start({ redispatchMs: 600_000 }, silent);
    const child = below(run, 'call_1_0');
    await settled([child]);
    expect((await stateOf(run)).calls['call_1_0']!.status).toBe('requested');
    await world.routers.pop()!.cut();
    await start();
    await settled([run]);
    expect(await stateOf(run)).toMatchObject({ status: 'completed', calls: { call_1_0: { result: 'Done.' } } });
    await expectSound(run);
  });

  it('looks by itself after a run whose report was lost on the way', async () => {
    const run = await workers.accept({ steps: [['delegate']], below: LEAF });
    await start({ redispatchMs: 1_000 }, silent);
    await settled([run]);
    expect(await stateOf(run)).toMatchObject({ status: 'completed', calls: { call_1_0: { result: 'Done.' } } });
  });

  it('takes over trees of runs from a router that dies', async () => {
    await start();
    const runs = await Promise.all(Array.from({ length: 10 }, () => workers.accept({ ...TOP, delayMs: 100 })));
    await waitFor(() => runs.some((run) => workers.inferred.has(`${below(run, 'call_1_0').runId}:2:1`)), {
      what: 'the middle of the runs',
    });
    await world.routers.pop()!.cut();
    await start();
    await settled(runs);
    for (const run of runs) {
      const all = await tree(run);
      expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 7 }, () => 'completed'));
      await expectSound(run);
    }
  });

  it('pauses down the tree, through the death of a router, and goes on', async () => {
    await start({ redispatchMs: 600_000 });
    const leaf: Plan = { steps: [['look'], ['look']], delayMs: 200 };
    const run = await workers.accept({ steps: [['delegate']], below: { steps: [['delegate']], below: leaf } });
    const middle = below(run, 'call_1_0');
    const lowest = below(middle, 'call_1_0');
    await waitFor(() => workers.inferred.has(`${lowest.runId}:1:1`), { what: 'the lowest run' });
    await workers.hold(run, 'run.pause-requested.v1');
    const held = async (): Promise<boolean> => (await tree(run)).every(isPaused);
    await waitFor(held, { what: 'all of them to be paused' });
    const rests = async (): Promise<boolean> => isParked(await stateOf(lowest));
    await waitFor(rests, { what: 'what was under way to end' });
    const asked = workers.inferred.size;
    await world.routers.pop()!.cut();
    await start({ redispatchMs: 600_000 });
    await settled([await workers.accept({ steps: [['look']] })]);
    expect(workers.inferred.size).toBe(asked + 2);
    expect((await tree(run)).every(isPaused)).toBe(true);
    await workers.hold(run, 'run.resume-requested.v1');
    await settled([run]);
    for (const state of await tree(run)) {
      expect(state.status).toBe('completed');
      await expectSound({ tenant: TENANT, runId: state.accepted!.runId });
    }
  });

  it('cancels down the tree at once', async () => {
    await start();
    const leaf: Plan = { steps: [['look']], delayMs: NEVER_MS };
    const run = await workers.accept({ steps: [['delegate']], below: { steps: [['delegate']], below: leaf } });
    const lowest = below(below(run, 'call_1_0'), 'call_1_0');
    await waitFor(() => workers.inferred.has(`${lowest.runId}:1:1`), { what: 'the lowest run' });
    await workers.cancel(run);
    await settled([run], NEVER_MS / 2);
    expect((await tree(run)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(workers.cancelled.map((subject) => subject.split('.').at(-1))).toContain(lowest.runId);
  });
});
