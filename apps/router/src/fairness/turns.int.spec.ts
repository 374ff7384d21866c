import { rmSync } from 'node:fs';
import { Bus, type RunRef } from '@signalbox/bus';
import { partitionOfRun, runIdFor } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { foldJournal, isClosed, redecide, type RunState, verifyJournal } from '@signalbox/run-engine';
import { startMesh, testFolder, type TestMesh, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishBundle, startRouter, TENANT, type TestRouter, Workers } from '../mesh.fixture.js';

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
  let mesh: TestMesh;
  let workers: Workers;
  let reader: Bus;
  let router: TestRouter;
  const folder = testFolder('turns');
  let sessions = 0;

  beforeAll(async () => {
    mesh = await startMesh({ tenants: [TENANT] });
    await publishBundle(mesh);
    workers = await Workers.start(mesh);
    reader = await Bus.connect({ service: 'router', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('router') });
    router = await startRouter(mesh, folder, { activeRunsMax: 1 });
  });
  afterAll(async () => {
    await router?.stop();
    await workers?.stop();
    await reader?.drain(500);
    await mesh?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const stateOf = async (run: RunRef): Promise<RunState> => foldJournal(await reader.journal.read(run));
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
    const entries = await reader.journal.read(run);
    expect(foldJournal(entries)).toMatchObject({ status: 'completed', reportCount: 0 });
    expect(verifyJournal(entries)).toMatchObject({ ok: true, faults: [] });
    expect(redecide(entries)).toMatchObject({ ok: true, differences: [] });
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
