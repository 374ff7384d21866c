import { rmSync } from 'node:fs';
import { Bus, type RunRef } from '@signalbox/bus';
import { type PolicyBundleV1, type Quota, QuotaUseV1 } from '@signalbox/contracts';
import { parseJson } from '@signalbox/kernel';
import { foldJournal, isClosed, redecide, type StoredEntry } from '@signalbox/run-engine';
import { startMesh, testFolder, type TestMesh, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishBundle, startRouter, TENANT, type TestRouter, Workers } from '../mesh.fixture.js';

const CALLS = 1_000;
const CALLS_PER_RUN = 8;
const COUNT_MAX = 300;
/** Of calls that take 1 each. */
const SUM_MAX = 250.5;
const KILLED_MAX = 120;
const TEST_TIMEOUT_MS = 240_000;

const quota = (id: string, change: Partial<Quota>): Quota => ({
  id,
  agents: '*',
  tools: [],
  per: 'user',
  windowMs: 3_600_000,
  max: COUNT_MAX,
  description: '',
  ...change,
});

const withQuotas = (bundle: PolicyBundleV1): PolicyBundleV1 => {
  const [look] = bundle.tools;
  const tools = ['paid', 'killed', 'twice'].map((name) => ({ ...look!, name }));
  return {
    ...bundle,
    tools: [...bundle.tools, ...tools],
    rules: [{ ...bundle.rules[0]!, tools: '*' }],
    agents: bundle.agents.map((agent) => ({
      ...agent,
      tools: [...agent.tools, ...tools.map(({ name }) => name)],
      limits: { ...agent.limits, parallelToolCallsMax: CALLS_PER_RUN },
    })),
    quotas: [
      quota('looks', { tools: ['look'] }),
      quota('budget', { tools: ['paid'], per: 'tenant', sum: '/n', max: SUM_MAX }),
      quota('killed', { tools: ['killed'], max: KILLED_MAX }),
      quota('once', { tools: ['twice'], per: 'run', windowMs: undefined, max: 1 }),
    ],
  };
};

describe('quotas over three routers', { timeout: TEST_TIMEOUT_MS }, () => {
  let mesh: TestMesh;
  let workers: Workers;
  let reader: Bus;
  const folder = testFolder('quotas');
  const routers: TestRouter[] = [];
  const start = async (): Promise<void> => {
    routers.push(await startRouter(mesh, folder));
  };

  beforeAll(async () => {
    mesh = await startMesh({ tenants: [] });
    await publishBundle(mesh, withQuotas);
    workers = await Workers.start(mesh);
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

  const ask = (tool: string, calls: number): Promise<RunRef[]> =>
    Promise.all(
      Array.from({ length: calls / CALLS_PER_RUN }, () =>
        workers.accept({ steps: [Array.from({ length: CALLS_PER_RUN }, () => tool)] }),
      ),
    );

  const ended = async (runs: RunRef[]): Promise<StoredEntry[][]> => {
    const journals = new Map<string, StoredEntry[]>();
    await waitFor(
      async () => {
        for (const run of runs.filter(({ runId }) => !journals.has(runId))) {
          const entries = await reader.journal.read(run);
          if (!isClosed(foldJournal(entries))) return false;
          journals.set(run.runId, entries);
        }
        return true;
      },
      { timeoutMs: TEST_TIMEOUT_MS, what: 'every run to end' },
    );
    return [...journals.values()];
  };

  const counted = (journals: StoredEntry[][]) => {
    const calls = journals.flatMap((entries) => Object.values(foldJournal(entries).calls));
    const ran = [...workers.ran.keys()].filter(
      (key) => calls.length > 0 && journals.some((one) => key.startsWith(runIdOf(one))),
    );
    return {
      granted: calls.filter(({ status }) => status === 'completed').length,
      denied: calls.filter(({ error }) => error?.code === 'QUOTA_EXCEEDED').length,
      ran: ran.length,
    };
  };
  const runIdOf = (entries: StoredEntry[]): string => foldJournal(entries).accepted!.runId;

  const taken = async (id: string): Promise<number[]> => {
    const bucket = await routers[0]!.bus.bucket('quotas');
    const sums: number[] = [];
    const watch = bucket.watch(`${TENANT}.${id}.>`, ({ value }) => {
      if (value === null) return;
      const { held, past } = QuotaUseV1.parse(parseJson(value));
      sums.push(
        [...held.map((one) => one[2]), ...past.map((one) => one[1])].reduce((all, one) => all + one, 0) / 10_000,
      );
    });
    await watch.ready;
    watch.stop();
    return sums;
  };

  it('grant exactly what there is of 1,000 concurrent calls, by count', async () => {
    const journals = await ended(await ask('look', CALLS));
    const found = counted(journals);
    process.stdout.write(`count limit ${COUNT_MAX}, 1,000 calls, 3 routers: ${JSON.stringify(found)}\n`);
    expect(found).toEqual({ granted: COUNT_MAX, denied: CALLS - COUNT_MAX, ran: COUNT_MAX });
    expect(journals.flatMap((entries) => redecide(entries).differences)).toEqual([]);
    expect(await taken('looks')).toEqual([COUNT_MAX]);
    expect(new Set(journals.map((one) => runIdOf(one).slice(4, 6))).size).toBeGreaterThan(3);
  });

  it('grant no more than there is of 1,000 concurrent calls, by amount', async () => {
    const journals = await ended(await ask('paid', CALLS));
    const found = counted(journals);
    const most = Math.floor(SUM_MAX);
    process.stdout.write(`budget limit ${SUM_MAX}, 1,000 calls of 1, 3 routers: ${JSON.stringify(found)}\n`);
    expect(found).toEqual({ granted: most, denied: CALLS - most, ran: most });
    expect(journals.flatMap((entries) => redecide(entries).differences)).toEqual([]);
    expect(await taken('budget')).toEqual([most]);
  });

  it('hold while routers are killed: nothing is lost, and nothing counts twice', async () => {
    const before = workers.ran.size;
    const runs = await ask('killed', 400);
    for (const calls of [20, 70]) {
      await waitFor(() => workers.ran.size - before >= calls, { timeoutMs: 60_000, what: `${calls} calls` });
      await routers.shift()!.cut();
      await start();
    }
    const journals = await ended(runs);
    const found = counted(journals);
    process.stdout.write(`count limit ${KILLED_MAX}, 400 calls, 2 routers killed: ${JSON.stringify(found)}\n`);
    expect(found).toEqual({ granted: KILLED_MAX, denied: 400 - KILLED_MAX, ran: KILLED_MAX });
    expect(journals.flatMap((entries) => redecide(entries).differences)).toEqual([]);
    expect(await taken('killed')).toEqual([KILLED_MAX]);
  });

  it('count per run, the runs below it among them', async () => {
    const run = await workers.accept({ steps: [['twice', 'delegate'], ['twice']], below: { steps: [['twice']] } });
    const [entries] = await ended([run]);
    const state = foldJournal(entries!);
    const own = Object.values(state.calls).filter(({ tool }) => tool === 'twice');
    const below = await reader.journal.read({ tenant: TENANT, runId: state.calls['call_1_1']!.child!.runId });
    const all = [...own, ...Object.values(foldJournal(below).calls)];
    expect(all.map(({ status }) => status).toSorted()).toEqual(['completed', 'refused', 'refused']);
    expect(await taken('once')).toEqual([1]);
  });
});
