import { rmSync } from 'node:fs';
import { Bus, type RunRef } from '@signalbox/bus';
import { type AgentPlan, BudgetV1, PARTITION_NAMES, runIdFor } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { foldJournal, isClosed, redecide } from '@signalbox/run-engine';
import { startMesh, testFolder, type TestMesh, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publishBundle, startRouter, TENANT, type TestRouter, Workers } from '../mesh.fixture.js';

const RUNS_MAX = 5;
const CALLS_MAX = 3;

/** A limited tool first, after itself, and behind another that is limited. */
const IN_A_ROW: AgentPlan = {
  steps: [
    {
      id: 'row',
      order: 'sequence',
      calls: ['send', 'send', 'send', 'look', 'send', 'send'].map((tool) => ({ tool, arguments: { n: 1 } })),
      onError: 'stop',
    },
  ],
  output: 'steps.row.results',
  history: false,
};

/** Ample for a machine that does other things beside. */
const TEST_TIMEOUT_MS = 150_000;

describe('limits that partitions share', { timeout: TEST_TIMEOUT_MS }, () => {
  let mesh: TestMesh;
  let workers: Workers;
  let reader: Bus;
  const folder = testFolder('limits');
  const routers: TestRouter[] = [];
  const start = async (): Promise<void> => {
    routers.push(await startRouter(mesh, folder));
  };

  beforeAll(async () => {
    mesh = await startMesh({ tenants: [] });
    await publishBundle(mesh, (bundle) => ({
      ...bundle,
      limits: { concurrentRunsMax: RUNS_MAX + 2 },
      agents: [
        ...bundle.agents.map((agent) => ({ ...agent, concurrentRunsMax: RUNS_MAX })),
        { ...bundle.agents[0]!, id: 'rower', plan: IN_A_ROW },
      ],
      tools: bundle.tools.map((tool) =>
        ['look', 'send'].includes(tool.name) ? { ...tool, concurrentCallsMax: CALLS_MAX } : tool,
      ),
    }));
    workers = await Workers.start(mesh);
    // Long enough for a busy machine to have as many at once as it may.
    workers.toolMs = 100;
    reader = await Bus.connect({ service: 'audit', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('audit') });
    for (let n = 0; n < 3; n++) await start();
    const spread = (): boolean => routers.every(({ partitions }) => partitions.owned().size >= 2);
    await waitFor(spread, { what: 'the partitions to be spread' });
  });
  afterAll(async () => {
    await Promise.all(routers.map((router) => router.stop()));
    await workers?.stop();
    await reader?.drain(500);
    await mesh?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => workers.busy.clear());

  const accept = async (runs: number, steps: string[][], delayMs = 15): Promise<RunRef[]> => {
    const accepted: RunRef[] = [];
    for (let n = 0; n < runs; n++) accepted.push(await workers.accept({ steps, delayMs }));
    return accepted;
  };
  const settled = async (runs: RunRef[]): Promise<void> => {
    const open = new Set(runs);
    await waitFor(
      async () => {
        for (const run of open) {
          if (!isClosed(foldJournal(await reader.journal.read(run)))) return false;
          open.delete(run);
        }
        return true;
      },
      { timeoutMs: 120_000, what: 'every run to end' },
    );
  };
  const expectKept = (): void => {
    expect(workers.busy.get('look')).toEqual({ now: 0, most: CALLS_MAX });
    const models = workers.busy.get('models')!.most;
    expect(models).toBeLessThanOrEqual(RUNS_MAX);
    expect(models).toBeGreaterThan(1);
  };

  it('hold over three routers, in every partition, and every run ends', async () => {
    const runs = await accept(40, [['look', 'look', 'look', 'look'], ['look']]);
    await settled(runs);
    expectKept();
    const journals = await Promise.all(runs.map((run) => reader.journal.read(run)));
    expect(journals.every((entries) => foldJournal(entries).status === 'completed')).toBe(true);
    expect(journals.flatMap((entries) => redecide(entries).differences)).toEqual([]);
    expect(new Set(runs.map(({ runId }) => runId.slice(4, 6))).size).toBeGreaterThan(PARTITION_NAMES.length / 2);
  });

  it('hold while routers die and come, and partitions move', async () => {
    const before = workers.inferred.size;
    const runs = await accept(40, [
      ['look', 'look'],
      ['look', 'look'],
    ]);
    for (const calls of [30, 75]) {
      const some = (): boolean => workers.inferred.size - before >= calls;
      await waitFor(some, { timeoutMs: 60_000, what: `${calls} calls of models` });
      await routers.shift()!.cut();
      await start();
    }
    await settled(runs);
    expectKept();
    // What the dead had is with those who live: the whole limit can be used again.
    workers.busy.clear();
    await settled(await accept(30, [['look', 'look', 'look', 'look']]));
    expectKept();
  });

  it('hold for calls in a row, each of which takes one slot at a time', async () => {
    // In one partition: what a row takes too much is not made up for elsewhere.
    const partitionOf = (session: string): string =>
      runIdFor({ tenant: TENANT, requestId: newRequestId(), session }).slice(4, 6);
    const sessions = Array.from({ length: 200 }, (_, n) => `session-${n}`);
    const together = sessions.filter((session) => partitionOf(session) === PARTITION_NAMES[0]).slice(0, CALLS_MAX + 5);
    const runs: RunRef[] = [];
    let release = (): void => undefined;
    workers.held = new Promise((done) => (release = done));
    for (const session of together) {
      runs.push(await workers.accept({ steps: [] }, session, 'rower'));
      const begun = (): boolean => workers.busy.get('send')?.now === Math.min(runs.length, CALLS_MAX);
      await waitFor(begun, { what: `${runs.length} rows to be under way` });
    }
    release();
    await settled(runs);
    expect(workers.busy.get('look')!.most).toBeLessThanOrEqual(CALLS_MAX);
    expect(workers.busy.get('send')).toEqual({ now: 0, most: CALLS_MAX });
    for (const run of runs) {
      const entries = await reader.journal.read(run);
      expect(foldJournal(entries)).toMatchObject({ status: 'completed', toolCalls: 6 });
      expect(redecide(entries).differences).toEqual([]);
    }
  });

  it('leave budgets whose slices are no more than their limit', async () => {
    const keys = [`${TENANT}.runs.all`, `${TENANT}.agent.worker`, `${TENANT}.tool.look`];
    const bucket = await routers[0]!.bus.bucket('budgets');
    for (const key of keys) {
      const budget = BudgetV1.parse(JSON.parse(new TextDecoder().decode((await bucket.get(key))!.value)));
      const sum = Object.values(budget.slices).reduce((all, { count }) => all + count, 0);
      expect(sum).toBeLessThanOrEqual(budget.limit);
    }
  });
});
