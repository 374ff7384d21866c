import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LossyLine, waitFor } from '@signalbox/testing';
import { Bus } from './bus.js';
import { cancelRequested, decision, type Fixture, newRun, startFixture, timerFired } from './bus.fixture.js';

let fixture: Fixture;
let line: LossyLine;
let router: Bus;
let guard: Bus;

beforeAll(async () => {
  fixture = await startFixture();
  line = await LossyLine.to(fixture.mesh.nats.port);
  const { mesh, log } = fixture;
  router = await Bus.connect({
    service: 'router',
    account: 'CORE',
    url: `nats://127.0.0.1:${line.port}`,
    keysDir: mesh.keysDir('router'),
    logger: log,
  });
  guard = await fixture.bus('guard');
});
afterAll(async () => {
  await router.drain(1_000);
  line.close();
  await fixture.stop();
});

/** Appends through a line whose acks are lost, calls `meanwhile` once the entry is stored, and lets the line be mended. */
async function withLostAck<T>(
  run: ReturnType<typeof newRun>,
  append: () => Promise<T>,
  meanwhile = async (): Promise<unknown> => undefined,
): Promise<T> {
  const before = (await guard.journal.read(run)).length;
  line.swallowing = true;
  const appended = append();
  await waitFor(async () => (await guard.journal.read(run)).length > before, { what: 'the entry to be stored' });
  await meanwhile();
  line.cut();
  return appended;
}

describe('an ack that is lost', () => {
  it('does not turn a decision that landed into a conflict', async () => {
    const run = newRun();
    const stored = await withLostAck(run, () =>
      router.journal.append(run, 'decision.v1', decision('one'), { expectLastSeq: 0 }),
    );
    const entries = await guard.journal.read(run);
    expect(entries.map(({ seq }) => seq)).toEqual([stored.seq]);
    expect(stored.duplicate).toBe(false);
  });

  it('nor when a fact has come after it', async () => {
    const run = newRun();
    const fact = (): Promise<unknown> =>
      guard.journal.append(run, 'run.cancel-requested.v1', cancelRequested('enough'));
    const stored = await withLostAck(
      run,
      () => router.journal.append(run, 'decision.v1', decision('one'), { expectLastSeq: 0 }),
      fact,
    );
    const entries = await guard.journal.read(run);
    expect(entries.map(({ entry }) => entry?.kind)).toEqual(['decision.v1', 'run.cancel-requested.v1']);
    expect(stored.seq).toBe(entries[0]?.seq);
  });

  it('does not hide a real conflict', async () => {
    const run = newRun();
    line.swallowing = true;
    const fact = await guard.journal.append(run, 'run.cancel-requested.v1', cancelRequested('enough'));
    const appended = router.journal.append(run, 'decision.v1', decision('one'), { expectLastSeq: 0 });
    const outcome = appended.catch((error: unknown) => error);
    line.cut();
    expect(await outcome).toMatchObject({ code: 'SEQUENCE_CONFLICT', details: { lastSeq: fact.seq } });
    expect(await guard.journal.read(run)).toHaveLength(1);
  });

  it('does not double a fact, with an id or without', async () => {
    for (const options of [{ id: 'named' }, {}]) {
      const run = newRun();
      const stored = await withLostAck(run, () =>
        router.journal.append(run, 'timer.fired.v1', timerFired('wall'), options),
      );
      expect((await guard.journal.read(run)).map(({ seq }) => seq)).toEqual([stored.seq]);
    }
  });

  it('does not make a compare-and-set of a bucket fail that landed', async () => {
    const bucket = await router.bucket('checkpoints');
    const key = 'partition.00';
    const first = await bucket.create(key, 'one');
    const other = await (await fixture.bus('audit')).bucket('checkpoints');
    line.swallowing = true;
    const updated = bucket.update(key, 'two', first);
    await waitFor(async () => (await other.get(key))?.revision !== first, { what: 'the update to land' });
    line.cut();
    expect(await updated).toBe((await other.get(key))?.revision);
  });
});
