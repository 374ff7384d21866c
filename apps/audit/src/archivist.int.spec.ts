import { spawnSync } from 'node:child_process';
import { resizeStream } from '@signalbox/bus/provision';
import { OBJECT_STORES, partitionOfRun, partitionStream, STREAMS, subjects } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { readMachine } from '@signalbox/local-servers';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT, WAIT_MS, World } from './audit.fixture.js';

const version = spawnSync(readMachine().natsServer.path, ['-v'], { encoding: 'utf8' }).stdout.trim();
const isOld = /v2\.(9|10|11)\./.test(version);
if (isOld) process.stdout.write(`the archivist is not tested: ${version} cannot trim\n`);

describe.skipIf(isOld)('the archivist', () => {
  let world: World;
  let audit: { close(): Promise<void> };
  beforeAll(async () => {
    world = await World.start();
    audit = await world.startAudit({ trimAfterMs: 0 });
  });
  afterAll(() => world.stop());

  const kindsOnBus = async (run: { tenant: string; runId: string }): Promise<(string | undefined)[]> =>
    (await world.buses.router.journal.read(run)).map(({ entry }) => entry?.kind);
  const moved = (run: { tenant: string; runId: string }): Promise<unknown> =>
    waitFor(async () => (await placeOf(run.runId)) === 'trimmed', { timeoutMs: WAIT_MS, what: `${run.runId} leaves` });
  const placeOf = async (runId: string): Promise<unknown> =>
    (await world.sql('select place from runs where run_id = $1', [runId]))[0]?.['place'];
  const messages = async (): Promise<number> => {
    const names = ['00', '01', '02', '03', '04', '05', '06', '07'];
    const sizes = await Promise.all(names.map((name) => world.buses.router.journal.size(name)));
    return sizes.reduce((sum, size) => sum + size.messages, 0);
  };
  const verified = async (runId: string): Promise<Record<string, unknown>> => {
    const { body } = await world.ask(`${TENANT}/runs/${runId}/verify`);
    return body.data![0]!;
  };

  it('leaves one tombstone of a closed run, and the archive tells the rest', async () => {
    const runs = await Promise.all(Array.from({ length: 10 }, () => world.complete({ output: 'Good day.' })));
    for (const run of runs) await moved(run);
    expect(await messages()).toBe(runs.length);
    for (const run of runs) {
      expect(await kindsOnBus(run)).toEqual(['run.archived.v1']);
      await world.caughtUp(run);
      expect(await verified(run.runId)).toMatchObject({ ok: true, entries: 8, faults: [], comparedWithBus: true });
    }
    const [run] = runs;
    const { body } = await world.ask(`${TENANT}/runs/${run!.runId}`);
    expect((body['story'] as { text: string }[]).at(-1)?.text).toBe('Moved to the archive with 7 entries.');
    const told = await world.buses.guard.request(
      'archivedRun',
      subjects.svc('audit', 'run', TENANT),
      { runId: run!.runId },
      { timeoutMs: WAIT_MS },
    );
    expect(told).toMatchObject({
      view: { status: 'completed', output: 'Good day.' },
      userId: 'user',
      fingerprint: null,
    });
  });

  it('takes the large bodies of a closed run out of the object store, and of no other', async () => {
    const output = (run: string): string => `${run} ${'x'.repeat(200_000)}`;
    const access = { url: world.mesh.url, keysDir: world.mesh.keysRoot };
    const stored = (): Promise<number> => resizeStream(access, 'OBJ_journals', OBJECT_STORES.journals.maxBytes);
    expect(await stored()).toBe(0);
    const open = await world.begin();
    await world.answer(open, { output: output('Same.') });
    const ofOpen = await stored();
    expect(ofOpen).toBeGreaterThan(200_000);
    const run = await world.complete({ output: output('Same.') });
    await moved(run);
    await waitFor(async () => (await stored()) <= ofOpen, { timeoutMs: WAIT_MS, what: 'the bodies to go' });
    expect(await stored()).toBe(ofOpen);
    await world.caughtUp(run);
    expect(await verified(run.runId)).toMatchObject({ ok: true, faults: [] });
    expect(await kindsOnBus(open)).toContain('model.completed.v1');
  });

  it('leaves alone what goes on', async () => {
    const open = await world.begin();
    await moved(await world.complete());
    expect(await kindsOnBus(open)).toHaveLength(4);
    expect(await placeOf(open.runId)).toBe('hot');
  });

  it('lets nothing late start the run again', async () => {
    const run = await world.complete();
    await moved(run);
    const again = world.accept(run, { expectLastSeq: 0 });
    await expect(again).rejects.toMatchObject({ code: 'SEQUENCE_CONFLICT' });
    await world.answer(run, { costNanoUsd: 5 });
    await world.caughtUp(run);
    await world.accept(run);
    await world.caughtUp(run);
    expect(await world.archived(run, () => true)).toMatchObject({ status: 'completed', costNanoUsd: 100 });
    expect(await verified(run.runId)).toMatchObject({ ok: true, entries: 10 });
  });

  it('keeps in its stream what does not verify', async () => {
    await audit.close();
    const run = await world.complete();
    audit = await world.startAudit({ trimEveryMs: 3_600_000, trimAfterMs: 0 });
    await world.caughtUp(run);
    const [first] = await world.unpack(run.runId);
    await world.alter(run.runId, first!.seq, Buffer.from('x'));
    await audit.close();
    audit = await world.startAudit({ trimAfterMs: 0 });
    await waitFor(async () => (await placeOf(run.runId)) === 'kept', { timeoutMs: WAIT_MS, what: 'the run is kept' });
    expect(await kindsOnBus(run)).toHaveLength(7);
  });

  it('leaves to a later version what was decided by its rules', async () => {
    const run = await world.begin();
    await world.answer(run);
    await world.decide(run, (decision) => ({ ...decision, engine: 99 }));
    await world.buses.memory.journal.append(run, 'session.saved.v1', { attempt: 1, revision: 1, savedAt: Date.now() });
    await world.archived(run, (row) => row['closed'] === true);
    await moved(await world.complete());
    expect(await placeOf(run.runId)).toBe('hot');
    expect(await kindsOnBus(run)).toHaveLength(7);
  });

  it('goes on where it was stopped between the tombstone and the rest', async () => {
    await audit.close();
    const run = await world.complete();
    const bus = await world.archivist();
    const entries = await bus.journal.read(run);
    const body = { entries: entries.length, head: 'a'.repeat(64), archivedAt: Date.now() };
    await bus.journal.append(run, 'run.archived.v1', body, { expectLastSeq: entries.at(-1)!.seq });
    audit = await world.startAudit({ trimAfterMs: 0 });
    await moved(run);
    expect(await kindsOnBus(run)).toEqual(['run.archived.v1']);
  });

  it('takes the tombstone away in the end', async () => {
    await audit.close();
    audit = await world.startAudit({ trimAfterMs: 0, tombstoneMs: 0 });
    const run = await world.complete();
    await moved(run);
    await waitFor(async () => (await kindsOnBus(run)).length === 0, { timeoutMs: WAIT_MS, what: 'the tombstone goes' });
    expect(await verified(run.runId)).toMatchObject({ ok: true, comparedWithBus: false });
  });

  it('makes room in a partition that is full, and goes on in the others', async () => {
    await audit.close();
    audit = await world.startAudit({ trimEveryMs: 3_600_000, trimAfterMs: 0 });
    const access = { url: world.mesh.url, keysDir: world.mesh.keysRoot };
    const runs = await Promise.all(Array.from({ length: 24 }, () => world.complete()));
    for (const run of runs) await world.caughtUp(run);
    const inOrder = [...Map.groupBy(runs, ({ runId }) => partitionOfRun(runId)).values()];
    const [full = [], ...others] = inOrder.sort((a, b) => b.length - a.length);
    const stream = partitionStream(partitionOfRun(full[0]!.runId));
    const { maxBytes } = STREAMS.find(({ name }) => name === stream)!;
    const used = await resizeStream(access, stream, maxBytes);
    // The oldest of all: they come first in each round.
    await world.sql('update runs set ended_at = ended_at - 1000 where run_id = any($1)', [
      full.map(({ runId }) => runId),
    ]);
    await resizeStream(access, stream, used + 1);
    await audit.close();
    audit = await world.startAudit({ trimAfterMs: 0 });
    for (const run of [...others.flat(), ...full]) await moved(run);
    await resizeStream(access, stream, maxBytes);
    for (const run of full) expect(await kindsOnBus(run)).toEqual(['run.archived.v1']);
  });

  it('goes on where it was stopped after it made room', async () => {
    await audit.close();
    const run = await world.complete();
    const bus = await world.archivist();
    audit = await world.startAudit({ trimEveryMs: 3_600_000, trimAfterMs: 0 });
    await world.caughtUp(run);
    await audit.close();
    await world.sql(`update runs set place = 'leaving' where run_id = $1`, [run.runId]);
    await bus.journal.trim(run, (await bus.journal.last(run))!.seq);
    audit = await world.startAudit({ trimAfterMs: 0 });
    await moved(run);
    expect(await kindsOnBus(run)).toEqual(['run.archived.v1']);
  });

  it('is alone in what it may do', async () => {
    const run = await world.complete();
    const { seq } = (await world.buses.router.journal.last(run))!;
    expect(partitionStream(run.runId.slice(4, 6))).toMatch(/^RUN_/);
    for (const bus of [world.buses.router, world.buses.guard])
      await expect(bus.journal.trim(run, seq)).rejects.toMatchObject({
        code: 'BUS_FORBIDDEN',
      } satisfies Partial<MeshError>);
  });
});
