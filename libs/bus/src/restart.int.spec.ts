import { CONSUMERS } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from './bus.js';
import { decision, type Fixture, newRun, startFixture, timerFired, timerOf, toolWork } from './bus.fixture.js';
import type { RawEntry, RunRef } from './types.js';

/** The server is killed with SIGKILL in the middle of it and started again on the same store. */
let fixture: Fixture;
let router: Bus;
let memory: Bus;

beforeAll(async () => {
  fixture = await startFixture();
  [router, memory] = await Promise.all([fixture.bus('router'), fixture.bus('memory')]);
});
afterAll(() => fixture.stop());

async function killAndRestart(): Promise<void> {
  await fixture.mesh.kill();
  await fixture.mesh.restart();
}

const timersOf = (entries: RawEntry[]): (string | undefined)[] => entries.map(({ entry }) => timerOf(entry));

describe('a broker that dies', () => {
  it('leaves no hole in a journal that is being read', async () => {
    const run = newRun('read');
    await Promise.all(
      Array.from({ length: 600 }, (_, n) => router.journal.append(run, 'timer.fired.v1', timerFired(`t${n}`))),
    );
    const reads = Promise.all(Array.from({ length: 20 }, () => memory.journal.read(run)));
    await killAndRestart();
    for (const entries of await reads) expect(new Set(timersOf(entries)).size).toBe(600);
  });

  it('loses and doubles none of 200 facts that are being appended, and no reader misses or repeats one', async () => {
    const run = newRun('facts');
    const stop = new AbortController();
    const seen: RawEntry[] = [];
    memory.journal.follow(run.partition, {
      fromSeq: 1,
      signal: stop.signal,
      onEntry: (entry) => void seen.push(entry),
    });
    const names = Array.from({ length: 200 }, (_, n) => `t${n}`);
    const appends = names.map(async (name, n) => {
      // Spread over the life of three servers.
      await waitFor(() => seen.length >= Math.min(n, 120) - 40, { timeoutMs: 30_000, what: `the turn of ${name}` });
      return router.journal.append(run, 'timer.fired.v1', timerFired(name), n % 2 === 0 ? { id: `id-${name}` } : {});
    });
    await waitFor(() => seen.length > 20, { what: 'some entries' });
    await killAndRestart();
    await waitFor(() => seen.length > 60, { what: 'more entries' });
    await killAndRestart();
    const stored = await Promise.all(appends);
    const entries = await router.journal.read(run);
    expect(timersOf(entries).toSorted()).toEqual(names.toSorted());
    expect(new Set(stored.map(({ seq }) => seq)).size).toBe(200);
    await waitFor(() => seen.length >= 200, { what: 'the reader to catch up' });
    expect(seen.map(({ seq }) => seq)).toEqual(entries.map(({ seq }) => seq));
    stop.abort();
  });

  it('lands every decision of a chain exactly once', async () => {
    const run = newRun('decisions');
    const runs: RunRef[] = Array.from({ length: 5 }, (_, n) => newRun(`decisions-${n}`)).concat(run);
    let appended = 0;
    const chains = runs.map(async (ref) => {
      let expectLastSeq = 0;
      for (let n = 0; n < 40; n++) {
        expectLastSeq = (await router.journal.append(ref, 'decision.v1', decision(`step ${n}`), { expectLastSeq })).seq;
        appended++;
      }
    });
    await waitFor(() => appended > 60, { what: 'some decisions' });
    await killAndRestart();
    await waitFor(() => appended > 150, { timeoutMs: 30_000, what: 'more decisions' });
    await killAndRestart();
    await Promise.all(chains);
    for (const ref of runs) {
      const reasons = (await router.journal.read(ref)).map(({ entry }) =>
        entry?.kind === 'decision.v1' ? entry.body.events[0] : null,
      );
      expect(reasons).toEqual(Array.from({ length: 40 }, (_, n) => ({ type: 'session.skipped', reason: `step ${n}` })));
    }
  });

  it('finishes all work, and stays within the limit of workers', async () => {
    const done = new Map<string, number>();
    let running = 0;
    let most = 0;
    const toolRunner = await fixture.bus('tool-runner');
    const { ackWaitMs } = CONSUMERS['tool-runner-default'];
    const worker = await toolRunner.work(
      'tool-runner-default',
      async ({ body }) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 10));
        const { callId } = body as { callId: string };
        done.set(callId, (done.get(callId) ?? 0) + 1);
        running--;
      },
      { concurrency: 4 },
    );
    const calls = Array.from({ length: 200 }, (_, n) => `call_1_${n}`);
    const sent = calls.map((callId) =>
      router.publish('workTool', 'sb.v1.work.tool.T0.acme', toolWork(callId), { id: callId }),
    );
    await waitFor(() => done.size > 30, { what: 'some work' });
    await killAndRestart();
    await Promise.all(sent);
    await waitFor(() => done.size === 200, { timeoutMs: ackWaitMs + 20_000, what: 'all work' });
    expect(most).toBeLessThanOrEqual(4);
    expect(worker.stats()).toMatchObject({ deadLettered: 0 });
    await waitFor(async () => (await toolRunner.health()).ok, { what: 'health' });
  });

  it('is noticed by health, and forgotten when it is back', async () => {
    await fixture.mesh.kill();
    await waitFor(async () => !(await router.health()).ok, { what: 'bad health' });
    await fixture.mesh.restart();
    await waitFor(async () => (await router.health()).ok, { what: 'good health' });
    expect((await router.journal.append(newRun(), 'timer.fired.v1', timerFired('after'))).duplicate).toBe(false);
  });
});
