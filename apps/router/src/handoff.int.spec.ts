import { rmSync } from 'node:fs';
import { Bus, type RunRef } from '@signalbox/bus';
import { partitionOfRun } from '@signalbox/contracts';
import { foldJournal, isClosed, redecide, type RunState, verifyJournal } from '@signalbox/run-engine';
import { startMesh, testFolder, type TestMesh, waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publishBundle, startRouter, TENANT, type TestRouter, Workers } from './mesh.fixture.js';

const TEST_TIMEOUT_MS = 60_000;

describe('runs that are handed to another agent', { timeout: TEST_TIMEOUT_MS }, () => {
  let mesh: TestMesh;
  let workers: Workers;
  let reader: Bus;
  const folder = testFolder('router-handoff');
  const routers: TestRouter[] = [];
  const start = async (): Promise<void> => {
    routers.push(await startRouter(mesh, folder));
  };
  const stateOf = async (run: RunRef): Promise<RunState> => foldJournal(await reader.journal.read(run));
  const closed = (run: RunRef): Promise<boolean> =>
    waitFor(async () => isClosed(await stateOf(run)), { timeoutMs: 50_000, what: 'the run to end' });
  const expectSound = async (run: RunRef): Promise<void> => {
    const entries = await reader.journal.read(run);
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
    await Promise.all(routers.splice(0).map((router) => router.stop()));
  });
  afterAll(async () => {
    await workers.stop();
    await reader.drain(500);
    await mesh.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are worked on as the new agent, with its instructions and tools', async () => {
    await start();
    const run = await workers.accept({
      steps: [
        ['look', 'hand_on', 'look'],
        ['send', 'look', 'hand_on'],
      ],
    });
    await closed(run);
    const { status, output, calls, handoffs, toolCalls } = await stateOf(run);
    expect({ status, output, toolCalls }).toEqual({ status: 'completed', output: 'Done.', toolCalls: 4 });
    expect(handoffs).toEqual([{ step: 1, callId: 'call_1_1', agent: 'closer' }]);
    expect(Object.values(calls).map((call) => call.error?.code ?? call.status)).toEqual([
      'completed',
      'completed',
      'completed',
      'completed',
      'TOOL_UNKNOWN',
      'TOOL_UNKNOWN',
    ]);
    expect([1, 2, 3].map((step) => workers.askedAs.get(`${run.runId}:${step}`))).toEqual([
      'worker: Work.',
      'closer: Close.',
      'closer: Close.',
    ]);
    await expectSound(run);
  });

  it('stay with the new agent when their router dies', async () => {
    await start();
    const run = await workers.accept({ steps: [['hand_on'], ['send']], delayMs: 300 });
    await waitFor(() => workers.inferred.has(`${run.runId}:2:1`), { what: 'the new agent' });
    await routers.pop()!.cut();
    await start();
    await closed(run);
    expect(await stateOf(run)).toMatchObject({ status: 'completed', handoffs: [{ agent: 'closer' }], toolCalls: 2 });
    expect(workers.askedAs.get(`${run.runId}:3`)).toBe('closer: Close.');
    await expectSound(run);
  });

  it('end with the kill switch of the agent that has them', async () => {
    await start();
    const [handed, own] = await Promise.all([
      workers.accept({ steps: [['hand_on'], ['send']], delayMs: 3_000 }),
      workers.accept({ steps: [['look']], delayMs: 3_000 }),
    ]);
    await waitFor(() => workers.inferred.has(`${handed.runId}:2:1`), { what: 'the new agent' });
    await publishBundle(mesh, (bundle) => ({
      ...bundle,
      version: 2,
      halts: [{ id: 'stop', agents: ['closer'], reason: 'enough' }],
    }));
    await Promise.all([closed(handed), closed(own)]);
    expect(await stateOf(handed)).toMatchObject({ status: 'cancelled', error: { message: 'enough' } });
    expect(await stateOf(own)).toMatchObject({ status: 'completed' });
    await expectSound(handed);
  });

  it('end with it too when it is thrown while they only wait and no router runs', async () => {
    await publishBundle(mesh, (bundle) => ({ ...bundle, version: 3 }));
    await start();
    const run = await workers.accept({ steps: [['hand_on'], ['send']], delayMs: 300 });
    await waitFor(() => workers.inferred.has(`${run.runId}:2:1`), { what: 'the new agent' });
    await workers.hold(run, 'run.pause-requested.v1');
    const checkpoints = await reader.bucket('checkpoints');
    const isParked = async (): Promise<boolean> => {
      const stored = await checkpoints.get(`router.${partitionOfRun(run.runId)}`);
      return new TextDecoder().decode(stored?.value).includes(run.runId);
    };
    await waitFor(isParked, { timeoutMs: 20_000, what: 'the run to leave memory' });
    await routers.pop()!.stop();
    await publishBundle(mesh, (bundle) => ({
      ...bundle,
      version: 4,
      halts: [{ id: 'stop', agents: ['closer'], reason: 'enough' }],
    }));
    await start();
    await closed(run);
    expect(await stateOf(run)).toMatchObject({ status: 'cancelled', error: { message: 'enough' } });
    await expectSound(run);
  });
});
