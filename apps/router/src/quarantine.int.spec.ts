import { rmSync } from 'node:fs';
import { Bus, type RunRef } from '@signalbox/bus';
import { childRunIdFor, JOURNAL_KINDS, type JournalKind, partitionOfRun, UPCASTERS } from '@signalbox/contracts';
import { parseJson } from '@signalbox/kernel';
import { foldJournal, isClosed, redecide, type RunState, verifyJournal } from '@signalbox/run-engine';
import { startMesh, testFolder, type TestMesh, waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Plan, publishBundle, startRouter, TENANT, type TestRouter, Workers } from './mesh.fixture.js';

/** As the next release writes the answer of a model: in parts. */
const NEWER = 'model.completed.v2' as JournalKind;
const kinds = JOURNAL_KINDS as Record<string, object>;
const upcasters = UPCASTERS as Record<string, object>;

/** What takes so long has no part in how a test ends. */
const NEVER_MS = 60_000;
/** Its model is asked once, and answers too late. */
const ASKS: Plan = { steps: [], delayMs: NEVER_MS };

describe('runs with an entry of a newer release', { timeout: 60_000 }, () => {
  let mesh: TestMesh;
  let workers: Workers;
  let reader: Bus;
  const folder = testFolder('router-quarantine');
  const routers: TestRouter[] = [];
  const start = async (): Promise<void> => {
    routers.push(await startRouter(mesh, folder, { activeRunsMax: 1, redispatchMs: NEVER_MS }));
  };
  const stop = async (): Promise<void> => void (await Promise.all(routers.splice(0).map((router) => router.stop())));
  /** From here on this process is of the newer release. */
  const upgrade = (): void => {
    upcasters[NEWER] = {
      to: 'model.completed.v1',
      upcast: ({ parts, ...body }: { parts: string[] }) => ({ ...body, content: parts.join('') }),
    };
  };
  const stateOf = async (run: RunRef): Promise<RunState> => foldJournal(await reader.journal.read(run));
  const reaches = (run: RunRef, status: RunState['status']): Promise<boolean> =>
    waitFor(async () => (await stateOf(run)).status === status, { what: `${run.runId} to be ${status}` });
  const leaveMemory = (): Promise<boolean> =>
    waitFor(() => [...routers[0]!.partitions.owned().values()].every(({ openRuns, live }) => live && openRuns === 0), {
      what: 'all runs to leave memory',
    });
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
    const entry = await (await reader.bucket('checkpoints')).get(`router.${partitionOfRun(run.runId)}`);
    const { foldFromSeq, parked = [] } = parseJson(entry!.value) as {
      foldFromSeq: number;
      parked?: [string, string][];
    };
    return parked.some(([, runId]) => runId === run.runId) && foldFromSeq > (await stateOf(run)).seq;
  };
  const expectCompleted = async (run: RunRef): Promise<void> => {
    await waitFor(async () => isClosed(await stateOf(run)), { what: 'the run to go on to its end' });
    const entries = await reader.journal.read(run);
    expect(foldJournal(entries)).toMatchObject({ status: 'completed', reportCount: 0 });
    expect(verifyJournal(entries)).toMatchObject({ ok: true, faults: [] });
    expect(redecide(entries)).toMatchObject({ ok: true, differences: [] });
  };

  beforeAll(async () => {
    mesh = await startMesh({ tenants: [TENANT] });
    await publishBundle(mesh);
    workers = await Workers.start(mesh);
    reader = await Bus.connect({ service: 'router', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('router') });
  });
  afterEach(async () => {
    await stop();
    delete upcasters[NEWER];
  });
  afterAll(async () => {
    await workers.stop();
    await reader.drain(500);
    await mesh.stop();
    rmSync(folder, { recursive: true, force: true });
  });

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
