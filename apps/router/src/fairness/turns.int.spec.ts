import type { RunRef } from '@signalbox/bus';
import { partitionOfRun, runIdFor } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { isClosed, type RunState } from '@signalbox/run-engine';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT, type TestRouter, type Workers } from '../mesh.fixture.js';
import { RouterMesh, SOUND } from '../router-mesh.fixture.js';

const TEST_TIMEOUT_MS = 60_000;
/** Long enough for a busy machine to do something else meanwhile. */
const LONG_MS = 1_500;

/** The nth of the sessions whose runs lie in the first partition. */
function sessionOf(nth: number): string {
  for (let n = 0, found = 0; ; n++) {
    const session = `session-${n}`;
    const runId = runIdFor({ tenant: TENANT, requestId: newRequestId(), session });
    if (partitionOfRun(runId) === '00' && found++ === nth) return session;
  }
}

describe('the only turn of a partition', { timeout: TEST_TIMEOUT_MS }, () => {
  let world: RouterMesh;
  let workers: Workers;
  let router: TestRouter;
  let sessions = 0;

  beforeAll(async () => {
    world = await RouterMesh.start('turns');
    workers = world.workers;
    router = await world.startRouter({ activeRunsMax: 1 });
  });
  afterAll(() => world.stop());

  const stateOf = (run: RunRef): Promise<RunState> => world.stateOf(run);
  const until = (run: RunRef, what: string, is: (state: RunState) => boolean): Promise<boolean> =>
    waitFor(async () => is(await stateOf(run)), { timeoutMs: 30_000, what });
  const accept = (delayMs: number): Promise<RunRef> =>
    workers.accept({ steps: [['look']], delayMs }, sessionOf(sessions++));
  const begin = async (delayMs: number): Promise<RunRef> => {
    const run = await accept(delayMs);
    await until(run, 'the run to begin', ({ steps }) => steps.length > 0);
    return run;
  };
  /** It is a line in the checkpoint: nothing but what comes for it makes its router look at it. */
  const leftMemory = (run: RunRef): Promise<boolean> =>
    waitFor(
      async () => {
        const stored = await (await router.bus.bucket('checkpoints')).get('router.00');
        return new TextDecoder().decode(stored?.value).includes(run.runId);
      },
      { timeoutMs: 30_000, what: `run ${run.runId} to leave memory` },
    );
  const expectCompleted = async (run: RunRef): Promise<void> => {
    await until(run, `run ${run.runId} to end`, isClosed);
    expect(await stateOf(run)).toMatchObject({ status: 'completed', reportCount: 0 });
    expect(await world.check(run)).toMatchObject(SOUND);
  };

  it('goes to a run that was resumed while another had it, and then to the next', async () => {
    const first = await begin(300);
    await workers.hold(first, 'run.pause-requested.v1');
    await leftMemory(first);
    const second = await begin(LONG_MS);
    await workers.hold(first, 'run.resume-requested.v1');
    await expectCompleted(second);
    await expectCompleted(first);
    await expectCompleted(await begin(10));
  });

  it('passes by a run that was paused before it began; that one begins once it is resumed', async () => {
    const first = await begin(LONG_MS);
    const second = await accept(10);
    await workers.hold(second, 'run.pause-requested.v1');
    const third = await accept(10);
    await expectCompleted(first);
    await expectCompleted(third);
    await leftMemory(second);
    expect((await stateOf(second)).plan).toBeNull();
    await workers.hold(second, 'run.resume-requested.v1');
    await expectCompleted(second);
  });
});
