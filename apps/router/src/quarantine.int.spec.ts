import type { RunRef } from '@signalbox/bus';
import { childRunIdFor, JOURNAL_KINDS, type JournalKind, partitionOfRun, UPCASTERS } from '@signalbox/contracts';
import { parseJson } from '@signalbox/kernel';
import { isClosed, type RunState } from '@signalbox/run-engine';
import { waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Plan, Workers } from './mesh.fixture.js';
import { RouterMesh, SOUND } from './router-mesh.fixture.js';

/** As the next release writes the answer of a model: in parts. */
const NEWER = 'model.completed.v2' as JournalKind;
const kinds = JOURNAL_KINDS as Record<string, object>;
const upcasters = UPCASTERS as Record<string, object>;

/** What takes so long has no part in how a test ends. */
const NEVER_MS = 60_000;
/** Its model is asked once, and answers too late. */
const ASKS: Plan = { steps: [], delayMs: NEVER_MS };

describe('runs with an entry of a newer release', { timeout: 60_000 }, () => {
  let world: RouterMesh;
  let workers: Workers;
  const start = (): Promise<unknown> => world.startRouter({ activeRunsMax: 1, redispatchMs: NEVER_MS });
  const stop = (): Promise<void> => world.stopRouters();
  /** From here on this process is of the newer release. */
  const upgrade = (): void => {
    upcasters[NEWER] = {
      to: 'model.completed.v1',
      upcast: ({ parts, ...body }: { parts: string[] }) => ({ ...body, content: parts.join('') }),
    };
  };
  const stateOf = (run: RunRef): Promise<RunState> => world.stateOf(run);
  const reaches = (run: RunRef, status: RunState['status']): Promise<boolean> =>
    waitFor(async () => (await stateOf(run)).status === status, { what: `${run.runId} to be ${status}` });
  const leaveMemory = (): Promise<boolean> =>
    waitFor(
      () => [...world.routers[0]!.partitions.owned().values()].every(({ openRuns, live }) => live && openRuns === 0),
      {
        what: 'all runs to leave memory',
      },
    );
  const below = (run: RunRef): RunRef => ({ ...run, runId: childRunIdFor(run.runId, 'call_1_0') });

  const answeredByNewer = async (run: RunRef): Promise<void> => {
    await waitFor(() => workers.inferred.has(`${run.runId}:1:1`), { what: 'the model to be asked' });
    const usage = { inputTokens: 10, outputTokens: 5 };
    const answer = {
      step: 1,
      attempt: 1,
      parts: ['New', 'er.'],
      toolCalls: [],
      finish: 'stop',
      usage,
      costNanoUsd: 20,
    };
    const made = { provider: 'default', upstream: 'fake', simulated: true, tries: [], redactions: {} };
    const body = { ...answer, ...made, completedAt: Date.now() };
    kinds[NEWER] = { author: 'inference', schema: z.any() };
    const stored = workers.inference.journal.append(run, NEWER, body as never);
    // Nobody has read it yet: only its writer knows the kind.
    delete kinds[NEWER];
    await stored;
    await reaches(run, 'quarantined');
  };
  /** Whether the run is listed, and holds the checkpoint of its partition not back. */
  const isKept = async (run: RunRef): Promise<boolean> => {
    const entry = await (await world.reader.bucket('checkpoints')).get(`router.${partitionOfRun(run.runId)}`);
    const { foldFromSeq, parked = [] } = parseJson(entry!.value) as {
      foldFromSeq: number;
      parked?: [string, string][];
    };
    return parked.some(([, runId]) => runId === run.runId) && foldFromSeq > (await stateOf(run)).seq;
  };
  const expectCompleted = async (run: RunRef): Promise<void> => {
    await waitFor(async () => isClosed(await stateOf(run)), { what: 'the run to go on to its end' });
    expect(await stateOf(run)).toMatchObject({ status: 'completed', reportCount: 0 });
    expect(await world.check(run)).toMatchObject(SOUND);
  };

  beforeAll(async () => {
    world = await RouterMesh.start('router-quarantine');
    workers = world.workers;
  });
  afterEach(async () => {
    await stop();
    delete upcasters[NEWER];
  });
  afterAll(() => world.stop());

  it('keep nobody from working, and go on under a router that can read it', async () => {
    await start();
    const run = await workers.accept(ASKS, 'talk');
    await answeredByNewer(run);
    // The next of its session, where one may be worked on at a time.
    await expectCompleted(await workers.accept({ steps: [['look']] }, 'talk'));
    await leaveMemory();
    await waitFor(() => isKept(run), { what: 'the run to be listed in the checkpoint' });

    await stop();
    await start();
    await expectCompleted(await workers.accept({ steps: [['look']] }, 'talk'));
    await leaveMemory();
    await waitFor(() => isKept(run), { what: 'the run to stay in the checkpoint' });
    expect((await stateOf(run)).status).toBe('quarantined');

    await stop();
    upgrade();
    await start();
    await expectCompleted(run);
    expect((await stateOf(run)).output).toBe('Newer.');
    await waitFor(async () => !(await isKept(run)), { what: 'the run to leave the checkpoint' });
  });

  it('are waited for by the run that called them', async () => {
    await start();
    const run = await workers.accept({ steps: [['delegate']], below: ASKS });
    await answeredByNewer(below(run));
    await stop();
    upgrade();
    await start();
    await expectCompleted(run);
    expect((await stateOf(run)).calls['call_1_0']).toMatchObject({ status: 'completed', result: 'Newer.' });
  });

  it('are waited for no longer once that run is over, and end when they are read', async () => {
    await start();
    const run = await workers.accept({ steps: [['delegate']], below: ASKS });
    await answeredByNewer(below(run));
    await workers.cancel(run);
    await waitFor(async () => isClosed(await stateOf(run)), { what: 'the run to be over' });
    expect((await stateOf(run)).calls['call_1_0']).toMatchObject({ error: { code: 'RUN_QUARANTINED' } });
    await leaveMemory();

    await stop();
    upgrade();
    await start();
    await reaches(below(run), 'cancelled');
  });
});
