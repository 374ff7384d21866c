import { rmSync } from 'node:fs';
import { Bus, type RunRef } from '@signalbox/bus';
import { partitionOfRun } from '@signalbox/contracts';
import { foldJournal, isClosed } from '@signalbox/run-engine';
import { startMesh, testFolder, type TestMesh, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishBundle, startRouter, type TestRouter, Workers } from '../mesh.fixture.js';

describe('runs of one session', () => {
  let mesh: TestMesh;
  let workers: Workers;
  let reader: Bus;
  const folder = testFolder('session-order');
  const routers: TestRouter[] = [];
  const start = async (): Promise<void> => {
    routers.push(await startRouter(mesh, folder));
  };

  beforeAll(async () => {
    mesh = await startMesh({ tenants: [] });
    await publishBundle(mesh);
    workers = await Workers.start(mesh);
    reader = await Bus.connect({ service: 'audit', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('audit') });
    await start();
    await start();
  });
  afterAll(async () => {
    await Promise.all(routers.map((router) => router.stop()));
    await workers?.stop();
    await reader?.drain(500);
    await mesh?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** First decision and last entry of a run; they share a stream, so that sequences tell the order. */
  const spanOf = async (run: RunRef): Promise<{ closed: boolean; fromSeq: number; untilSeq: number }> => {
    const entries = await reader.journal.read(run);
    const begun = entries.find(({ entry }) => entry?.kind === 'decision.v1');
    return {
      closed: isClosed(foldJournal(entries)),
      fromSeq: begun?.seq ?? 0,
      untilSeq: entries.at(-1)?.seq ?? 0,
    };
  };
  const spansOf = async (runs: RunRef[]): Promise<{ fromSeq: number; untilSeq: number }[]> => {
    const late = new Set(runs);
    await waitFor(
      async () => {
        for (const run of late) if ((await spanOf(run)).closed) late.delete(run);
        return late.size === 0;
      },
      { timeoutMs: 50_000, what: 'every run to end' },
    );
    return Promise.all(runs.map((run) => spanOf(run)));
  };

  it('go one after another in the order of their acceptance, also when their router dies', async () => {
    const runs: RunRef[] = [];
    for (let n = 0; n < 12; n++) runs.push(await workers.accept({ steps: [['look']], delayMs: 20 }, 'one'));
    await waitFor(async () => (await spanOf(runs[3]!)).closed, { timeoutMs: 30_000, what: 'some runs to end' });
    const owner = routers.findIndex(({ partitions }) => partitions.owned().has(partitionOfRun(runs[0]!.runId)));
    await routers.splice(owner, 1)[0]!.cut();
    const spans = await spansOf(runs);
    spans.slice(1).forEach(({ fromSeq }, n) => expect(fromSeq).toBeGreaterThan(spans[n]!.untilSeq));
  });

  it('do not wait for one that waits for a person; that one goes on between others', async () => {
    workers.orphans = 1;
    const asking = await workers.accept({ steps: [['send']] }, 'two');
    const isAsking = async (): Promise<string | undefined> =>
      Object.keys(foldJournal(await reader.journal.read(asking)).questions)[0];
    await waitFor(async () => (await isAsking()) !== undefined, { timeoutMs: 40_000, what: 'the question' });
    const long = await workers.accept({ steps: [['look'], ['look']], delayMs: 200 }, 'two');
    await waitFor(async () => (await spanOf(long)).fromSeq > 0, { what: 'the second run to begin' });
    await workers.answer(asking, (await isAsking())!);
    const [first, second] = await spansOf([asking, long]);
    expect(first!.untilSeq).toBeGreaterThan(second!.untilSeq);
  });
});
