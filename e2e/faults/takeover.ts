import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bus } from '@signalbox/bus';
import { type JournalBody, PARTITION_NAMES, partitionOfRun, runIdFor, type ServiceName } from '@signalbox/contracts';
import { newRequestId, Semaphore } from '@signalbox/kernel';
import { type Child, childEnvironment, freePort, repositoryRoot, startChild } from '@signalbox/local-servers';
import { redecide, verifyJournal } from '@signalbox/run-engine';
import { startMesh, type TestMesh, waitFor } from '@signalbox/testing';
import { publishBundle, STEPS_AGENT, TENANT } from '../../tools/bench/runs/bundle.ts';
import { Chronicle, type Chapter } from './chronicle.ts';

const WINDOW = 512;
const READY_TIMEOUT_MS = 60_000;
const ALL_TIMEOUT_MS = 300_000;
const DRAIN_MS = 1_000;

export interface Takeover {
  openRuns: number;
  /** Partitions that the dead router had. */
  partitions: number;
  /** From the kill to the first decision in each of them: the slowest, and all in order. ms. */
  takeoverMs: number;
  eachMs: number[];
  /** Runs that did not end as they should, or whose journal does not verify. */
  wrongs: string[];
}

/** Two routers with so many runs open; one dies; when does the other decide in each partition of the dead one? */
export async function measureTakeover(openRuns: number): Promise<Takeover> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-takeover-'));
  const mesh = await startMesh({ tenants: [TENANT] });
  const closing: (() => Promise<unknown>)[] = [() => mesh.stop()];
  try {
    await publishBundle(mesh);
    const connect = async (service: ServiceName): Promise<Bus> => {
      const bus = await Bus.connect({ service, account: 'CORE', url: mesh.url, keysDir: mesh.keysDir(service) });
      closing.unshift(() => bus.drain(DRAIN_MS));
      return bus;
    };
    const [guard, inference, memory] = [await connect('guard'), await connect('inference'), await connect('memory')];
    await serveMemory(memory);
    const decided = new Map<string, number>();
    const chronicle = await Chronicle.open(mesh.url, mesh.keysDir('router'), ({ state }: Chapter, { runId, entry }) => {
      if (entry?.kind === 'decision.v1' && state.endedAt !== null)
        decided.set(runId, decided.get(runId) ?? performance.now());
    });
    closing.unshift(() => chronicle.close());
    const start = async (name: string): Promise<{ child: Child; folded: () => number }> => {
      const router = await startRouter(mesh, name, folder);
      closing.unshift(() => router.child.stop('SIGKILL', 0));
      return router;
    };
    const first = await start('first');
    await waitFor(() => first.folded() === PARTITION_NAMES.length, {
      timeoutMs: READY_TIMEOUT_MS,
      what: 'the first router',
    });
    await atOnce(Array.from({ length: openRuns }), () => accept(guard));
    const asked = (): number => [...chronicle.runs.values()].filter(({ state }) => state.steps.length > 0).length;
    await waitFor(() => asked() === openRuns, { timeoutMs: ALL_TIMEOUT_MS, what: `${openRuns} open runs` });
    const second = await start('second');
    const half = PARTITION_NAMES.length / 2;
    await waitFor(() => second.folded() === half, {
      timeoutMs: READY_TIMEOUT_MS,
      what: 'the second router to have its share',
    });
    const killedAt = performance.now();
    await first.child.stop('SIGKILL', 0);
    const probes = probesOf(chronicle);
    await Promise.all(probes.map((runId) => complete(inference, runId)));
    await waitFor(() => probes.every((runId) => decided.has(runId)), {
      timeoutMs: READY_TIMEOUT_MS,
      what: 'every partition to go on',
    });
    const eachMs = probes.map((runId) => Math.round((decided.get(runId) ?? 0) - killedAt)).toSorted((a, b) => a - b);
    const others = [...chronicle.runs.keys()].filter((runId) => !probes.includes(runId));
    await atOnce(others, (runId) => complete(inference, runId));
    await waitFor(() => chronicle.counts().closed === openRuns, { timeoutMs: ALL_TIMEOUT_MS, what: 'all runs to end' });
    const wrongs = [...chronicle.runs].flatMap(([runId, { state, entries }]) =>
      state.status === 'completed' && verifyJournal(entries).ok && redecide(entries).ok
        ? []
        : [`${runId} ${state.status}`],
    );
    return {
      openRuns,
      partitions: half,
      takeoverMs: eachMs.at(-1) ?? 0,
      eachMs,
      wrongs: [...chronicle.faults, ...wrongs],
    };
  } finally {
    for (const close of closing) await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A run of each partition: those of the living router answer at once, so the slowest are the dead one's. */
function probesOf(chronicle: Chronicle): string[] {
  const first = new Map([...chronicle.runs.keys()].map((runId) => [partitionOfRun(runId), runId]));
  return [...first.values()];
}

async function startRouter(
  mesh: TestMesh,
  name: string,
  folder: string,
): Promise<{ child: Child; folded: () => number }> {
  let folded = 0;
  const child = await startChild({
    name,
    command: process.execPath,
    args: ['--max-semi-space-size=8', '--max-old-space-size=512', join(repositoryRoot(), 'apps/router/dist/main.js')],
    env: {
      ...childEnvironment(),
      SIGNALBOX_LOG_LEVEL: 'info',
      SIGNALBOX_NATS_URL: mesh.url,
      SIGNALBOX_KEYS_DIR: mesh.keysDir('router'),
      SIGNALBOX_STATE_DIR: folder,
      SIGNALBOX_HEALTH_PORT: String(await freePort()),
    },
    onLine: (line) => {
      if (line.includes('a partition is folded')) folded += 1;
    },
  });
  return { child, folded: () => folded };
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const slots = new Semaphore(WINDOW);
  await Promise.all(items.map((item) => slots.run(() => work(item))));
}

async function accept(guard: Bus): Promise<void> {
  const requestId = newRequestId();
  const run = { tenant: TENANT, runId: runIdFor({ tenant: TENANT, requestId }) };
  const body: JournalBody<'run.accepted.v1'> = {
    ...run,
    requestId,
    sessionId: requestId,
    principal: { keyId: 'key', userId: 'user' },
    agent: STEPS_AGENT,
    input: [{ role: 'user', content: 'What is the answer?' }],
    redactions: {},
    ruleset: 'r1',
    stream: false,
    bundle: { version: 1, hash: 'a'.repeat(64) },
    acceptedAt: Date.now(),
  };
  await guard.journal.append(run, 'run.accepted.v1', body, { expectLastSeq: 0 });
}

async function complete(inference: Bus, runId: string): Promise<void> {
  const body: JournalBody<'model.completed.v1'> = {
    step: 1,
    attempt: 1,
    content: 'Done.',
    toolCalls: [],
    finish: 'stop',
    usage: { inputTokens: 10, outputTokens: 5 },
    costNanoUsd: 20,
    provider: 'default',
    upstream: 'scripted',
    simulated: true,
    tries: [],
    redactions: {},
    completedAt: Date.now(),
  };
  await inference.journal.append({ tenant: TENANT, runId }, 'model.completed.v1', body, { id: `${runId}:1:1` });
}

async function serveMemory(bus: Bus): Promise<void> {
  const { journal } = bus;
  await bus.serve(
    'sessionLoad',
    async ({ body: { tenant, runId, attempt } }) => {
      const fact = { attempt, messages: [], revision: 0, loadedAt: Date.now() };
      await journal.append({ tenant, runId }, 'session.loaded.v1', fact, { id: `${runId}:load:${attempt}` });
      return { ok: true as const };
    },
    { concurrency: WINDOW },
  );
  await bus.serve(
    'sessionSave',
    async ({ body: { tenant, runId, attempt } }) => {
      const fact = { attempt, revision: 1, savedAt: Date.now() };
      await journal.append({ tenant, runId }, 'session.saved.v1', fact, { id: `${runId}:save:${attempt}` });
      return { ok: true as const };
    },
    { concurrency: WINDOW },
  );
}
