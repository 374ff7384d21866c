import type { RunRef } from '@signalbox/bus';
import { partitionOfRun } from '@signalbox/contracts';
import { isClosed, type RunState } from '@signalbox/run-engine';
import { waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publishBundle, type Workers } from './mesh.fixture.js';
import { RouterMesh, SOUND } from './router-mesh.fixture.js';

const TEST_TIMEOUT_MS = 60_000;

describe('runs that are handed to another agent', { timeout: TEST_TIMEOUT_MS }, () => {
  let world: RouterMesh;
  let workers: Workers;
  const start = (): Promise<unknown> => world.startRouter();
  const stateOf = (run: RunRef): Promise<RunState> => world.stateOf(run);
  const closed = (run: RunRef): Promise<boolean> =>
    waitFor(async () => isClosed(await stateOf(run)), { timeoutMs: 50_000, what: 'the run to end' });
  const expectSound = async (run: RunRef): Promise<void> => expect(await world.check(run)).toMatchObject(SOUND);

  beforeAll(async () => {
    world = await RouterMesh.start('router-handoff');
    workers = world.workers;
  });
  afterEach(() => world.stopRouters());
  afterAll(() => world.stop());

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
    await world.routers.pop()!.cut();
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
    await publishBundle(world.mesh, (bundle) => ({
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
    await publishBundle(world.mesh, (bundle) => ({ ...bundle, version: 3 }));
    await start();
    const run = await workers.accept({ steps: [['hand_on'], ['send']], delayMs: 300 });
    await waitFor(() => workers.inferred.has(`${run.runId}:2:1`), { what: 'the new agent' });
    await workers.hold(run, 'run.pause-requested.v1');
    const checkpoints = await world.reader.bucket('checkpoints');
    const isParked = async (): Promise<boolean> => {
      const stored = await checkpoints.get(`router.${partitionOfRun(run.runId)}`);
      return new TextDecoder().decode(stored?.value).includes(run.runId);
    };
    await waitFor(isParked, { timeoutMs: 20_000, what: 'the run to leave memory' });
    await world.routers.pop()!.stop();
    await publishBundle(world.mesh, (bundle) => ({
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
