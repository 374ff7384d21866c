import { rmSync } from 'node:fs';
import { Bus, type RawEntry, type RunRef } from '@signalbox/bus';
import { PARTITION_NAMES } from '@signalbox/contracts';
import { explain, foldJournal, isClosed, type RunState, verifyJournal } from '@signalbox/run-engine';
import { startMesh, testFolder, type TestMesh, waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publishBundle, startRouter, TENANT, type TestRouter, Workers } from './mesh.fixture.js';
import { type LeaseAsSeen, LeasesPort, type Sign } from './partitions/leases.port.js';

const STEPS = [['look', 'look', 'forbidden'], ['send'], ['look']];

/** Every lease is everybody's: routers stand in each other's way as much as they can. */
class NoLeases extends LeasesPort {
  readonly #leases = new Map<string, Sign>();
  override watch = (): Promise<void> => Promise.resolve();
  override leases = (): ReadonlyMap<string, Sign> => this.#leases;
  override routers = (): ReadonlyMap<string, Sign> => new Map();
  override hold = ({ partition }: LeaseAsSeen, owner: string): Promise<boolean> => {
    this.#leases.set(partition, { owner, revision: 1, seenAt: Date.now() });
    return Promise.resolve(true);
  };
  override giveBack = (): Promise<void> => Promise.resolve();
  override appear = (): Promise<void> => Promise.resolve();
  override vanish = (): Promise<void> => Promise.resolve();
  override stop = (): void => undefined;
}

/** Ample for a machine that does other things beside. */
const TEST_TIMEOUT_MS = 150_000;
/** What takes so long has no part in how a test ends. */
const NEVER_MS = 60_000;

describe('the router', { timeout: TEST_TIMEOUT_MS }, () => {
  let mesh: TestMesh;
  let workers: Workers;
  let reader: Bus;
  const folder = testFolder('router');
  const routers: TestRouter[] = [];

  const start = async (
    ...args: [change?: Parameters<typeof startRouter>[2], instead?: Parameters<typeof startRouter>[3]]
  ): Promise<TestRouter> => {
    const router = await startRouter(mesh, folder, ...args);
    routers.push(router);
    return router;
  };
  /** Folds every run by itself, from what is stored. */
  const journalOf = async (run: RunRef): Promise<{ entries: RawEntry[]; state: RunState }> => {
    const entries = await reader.journal.read(run);
    return { entries, state: foldJournal(entries) };
  };
  /** Looks at the whole run: a fact that was delivered twice may well come last. */
  const isOver = async (run: RunRef): Promise<boolean> => isClosed((await journalOf(run)).state);
  const settled = async (runs: RunRef[], timeoutMs = 120_000): Promise<void> => {
    const open = [...runs];
    const goOn = async (): Promise<boolean> => {
      while (open.length > 0 && (await isOver(open[0]!))) open.shift();
      return open.length === 0;
    };
    try {
      await waitFor(goOn, { timeoutMs, what: 'every run to end' });
    } catch (error) {
      const { entries } = await journalOf(open[0]!);
      const story = explain(entries).map(({ at, who, text }) => `${at} ${who} ${text}`);
      throw new Error(`${open.length} runs are open, the first of them:\n${story.join('\n')}`, { cause: error });
    }
  };
  const expectDecidedOnce = async (run: RunRef): Promise<void> => {
    const { entries, state } = await journalOf(run);
    expect(verifyJournal(entries)).toMatchObject({ ok: true, faults: [] });
    expect(state).toMatchObject({ status: 'completed', output: 'Done.', toolCalls: 4, denied: 1, reportCount: 0 });
    const events = entries.flatMap(({ entry }) => (entry?.kind === 'decision.v1' ? entry.body.events : []));
    expect(
      events.filter((event) => event.type === 'model.requested').map((event) => [event.step, event.attempt]),
    ).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
    ]);
    expect(new Set(events.filter((event) => event.type === 'tool.requested').map((event) => event.callId)).size).toBe(
      4,
    );
    expect(events.filter((event) => event.type === 'run.completed' || event.type === 'run.failed')).toHaveLength(1);
    for (const [call, times] of workers.ran)
      if (call.startsWith(`${run.runId}:call_2`)) expect({ call, times }).toEqual({ call, times: 1 });
  };
  const accept = (count: number, delayMs?: number): Promise<RunRef[]> =>
    Promise.all(
      Array.from({ length: count }, () =>
        workers.accept({ steps: STEPS, ...(delayMs === undefined ? {} : { delayMs }) }),
      ),
    );

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

  it('completes 200 runs, each step decided once', async () => {
    const runs = await accept(200);
    const router = await start();
    await settled(runs);
    for (const run of runs) await expectDecidedOnce(run);
    await waitFor(() => [...router.partitions.owned().values()].every(({ openRuns }) => openRuns === 0), {
      what: 'ended runs to leave memory',
    });
  });

  it('lets two routers without leases decide nothing twice', async () => {
    const [one, two] = [
      await start({}, [{ provide: LeasesPort, useClass: NoLeases }]),
      await start({}, [{ provide: LeasesPort, useClass: NoLeases }]),
    ];
    await waitFor(
      () =>
        [one, two].every(
          (router) =>
            [...router.partitions.owned().values()].filter(({ live }) => live).length === PARTITION_NAMES.length,
        ),
      { what: 'both to read all' },
    );
    const runs = await accept(60);
    await settled(runs);
    for (const run of runs) await expectDecidedOnce(run);
  });

  it('shares the partitions, and takes them over from a router that dies', async () => {
    const first = await start();
    const second = await start();
    const half = PARTITION_NAMES.length / 2;
    await waitFor(() => first.partitions.owned().size === half && second.partitions.owned().size === half, {
      what: 'an even share',
    });
    const runs = await accept(40, 300);
    await waitFor(() => workers.inferred.size > 0 && runs.some((run) => workers.inferred.has(`${run.runId}:2:1`)), {
      what: 'the middle of the runs',
    });
    await routers.splice(routers.indexOf(first), 1)[0]!.cut();
    await settled(runs);
    expect(second.partitions.owned().size).toBe(PARTITION_NAMES.length);
    for (const run of runs) await expectDecidedOnce(run);
  });

  it('goes on after the broker was killed and came back', async () => {
    await start();
    const runs = await accept(30, 200);
    await waitFor(() => runs.some((run) => workers.inferred.has(`${run.runId}:2:1`)), {
      what: 'the middle of the runs',
    });
    await mesh.kill();
    await mesh.restart();
    await settled(runs);
    for (const run of runs) await expectDecidedOnce(run);
  });

  it('cancels at once and tells the workers', async () => {
    await start();
    const run = await workers.accept({ steps: STEPS, delayMs: NEVER_MS });
    await waitFor(() => workers.inferred.has(`${run.runId}:1:1`), { what: 'the model to be asked' });
    await workers.cancel(run);
    await settled([run], NEVER_MS / 2);
    expect((await journalOf(run)).state.status).toBe('cancelled');
    expect(workers.cancelled.map((subject) => subject.split('.').at(-1))).toContain(run.runId);
  });

  it('asks a person when an unsafe tool was begun and never reported, and never starts it again', async () => {
    await start();
    workers.orphans = 1;
    const run = await workers.accept({ steps: [['send']] });
    await waitFor(async () => (await journalOf(run)).state.status === 'waiting', {
      what: 'the question',
    });
    const [question] = Object.values((await journalOf(run)).state.questions);
    await workers.answer(run, question!.questionId);
    await settled([run]);
    const { state } = await journalOf(run);
    expect(state).toMatchObject({
      status: 'completed',
      calls: { call_1_0: { status: 'completed', result: 'sent by hand', attempt: 1 } },
    });
    expect(workers.ran.has(`${run.runId}:call_1_0`)).toBe(false);
  });

  it('works on few runs at once, and turns away what is more than it may hold', async () => {
    const queued = await Promise.all(
      Array.from({ length: 12 }, () => workers.accept({ steps: [['look']] }, 'one-session')),
    );
    const router = await start({ activeRunsMax: 2 });
    await settled(queued);
    expect(new Set(await Promise.all(queued.map(async (run) => (await journalOf(run)).state.status)))).toEqual(
      new Set(['completed']),
    );
    await routers.splice(routers.indexOf(router), 1)[0]!.stop();
    const many = await Promise.all(
      Array.from({ length: 6 }, () => workers.accept({ steps: [['look']] }, 'one-session')),
    );
    await start({ openRunsMax: 4 });
    await settled(many);
    const ends = await Promise.all(many.map(async (run) => (await journalOf(run)).state));
    expect(ends.filter((state) => state.status === 'completed').length).toBeGreaterThanOrEqual(4);
    for (const state of ends.filter((end) => end.status !== 'completed')) expect(state.error?.code).toBe('OVERLOADED');
  });
});
