import type { RunRef } from '@signalbox/bus';
import { PARTITION_NAMES } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { foldJournal } from '@signalbox/run-engine';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TENANT, WAIT_MS, World } from './audit.fixture.js';

const ended = (row: Record<string, unknown>): boolean => row['endedAt'] !== null;

describe('a store that came back older than it was', () => {
  let world: World;
  let audit: { close(): Promise<void> };
  beforeEach(async () => {
    world = await World.start();
    audit = await world.startAudit();
  });
  afterEach(() => world.stop());

  const journal = (run: RunRef) => world.buses.router.journal.read(run);
  const kinds = async (run: RunRef): Promise<(string | undefined)[]> =>
    (await journal(run)).map(({ entry }) => entry?.kind);
  const state = async (partition: string): Promise<{ whole: boolean; incarnation: number } | null> =>
    world.buses.router.journal.state(partition).catch((error: unknown) => {
      if (MeshError.from(error).retry === 'backoff') return null;
      throw error;
    });
  const rebuilt = (run: RunRef, incarnation = 1): Promise<unknown> =>
    waitFor(
      async () => {
        const now = await state(run.runId.slice(4, 6));
        return now !== null && now.whole && now.incarnation === incarnation;
      },
      { timeoutMs: WAIT_MS, what: `the partition of ${run.runId} is rebuilt` },
    );
  const verified = async (run: RunRef): Promise<Record<string, unknown>> => {
    await world.caughtUp(run);
    return (await world.ask(`${TENANT}/runs/${run.runId}/verify`)).body.data![0]!;
  };
  const finish = async (run: RunRef): Promise<void> => {
    await world.decide(run);
    await world.buses.memory.journal.append(run, 'session.saved.v1', { attempt: 1, revision: 1, savedAt: Date.now() });
  };

  it('is rebuilt: facts come back, decisions are made anew, closed runs rest', async () => {
    const open = await world.begin();
    const before = await world.complete();
    await world.caughtUp(before);
    const restore = await world.mesh.nats.copyStore();
    await world.answer(open);
    await world.decide(open);
    const [fact] = (await journal(open)).slice(-2);
    const late = await world.begin();
    const closed = await world.complete({ output: 'Good day.' });
    for (const run of [open, late, closed]) await world.caughtUp(run);
    expect(fact?.entry?.kind).toBe('model.completed.v1');
    await restore();
    for (const run of [open, late, closed]) await rebuilt(run);
    expect((await journal(open)).slice(4).map(({ entry }) => entry?.kind)).toEqual([
      'model.completed.v1',
      'run.recovered.v1',
    ]);
    expect((await journal(open))[4]!.bytes).toEqual(fact!.bytes);
    // Its decisions go with the line of things that was lost; what the guard and memory said holds.
    expect(await kinds(late)).toEqual(['run.accepted.v1', 'session.loaded.v1', 'run.recovered.v1']);
    expect(await kinds(closed)).toEqual(['run.archived.v1']);
    expect(await kinds(before)).toHaveLength(7);
    await finish(open);
    // The start, then the question to the model.
    await world.decide(late);
    await world.decide(late);
    await world.answer(late);
    await finish(late);
    for (const run of [open, late]) {
      expect(await world.archived(run, ended)).toMatchObject({ status: 'completed', costNanoUsd: 100 });
      expect(await verified(run)).toMatchObject({ ok: true, faults: [] });
    }
    for (const run of [before, closed]) expect(await verified(run)).toMatchObject({ ok: true, faults: [] });
    expect((await world.ask(`${TENANT}/runs/${closed.runId}`)).body['run']).toMatchObject({ status: 'completed' });
    await expect(world.accept(closed, { expectLastSeq: 0 })).rejects.toMatchObject({ code: 'SEQUENCE_CONFLICT' });
  });

  it('is rebuilt where the cut goes through what was archived together', async () => {
    await audit.close();
    const open = await world.begin();
    const restore = await world.mesh.nats.copyStore();
    await world.answer(open);
    await world.decide(open);
    audit = await world.startAudit();
    await world.caughtUp(open);
    const chunks = () =>
      world.sql('select cut_in, seqs from chunks where run_id = $1 order by first_seq', [open.runId]);
    expect(await chunks()).toHaveLength(1);
    await restore();
    await rebuilt(open);
    expect((await chunks()).slice(0, 2)).toMatchObject([
      { cut_in: null, seqs: { length: 4 } },
      { cut_in: 1, seqs: { length: 2 } },
    ]);
    expect((await kinds(open)).slice(4)).toEqual(['model.completed.v1', 'run.recovered.v1']);
    await finish(open);
    expect(await world.archived(open, ended)).toMatchObject({ status: 'completed', costNanoUsd: 100 });
    expect(await verified(open)).toMatchObject({ ok: true, faults: [] });
  });

  it('is found out by its content when it has grown beyond the old end, and where runs went on', async () => {
    const open = await world.begin();
    await world.caughtUp(open);
    const restore = await world.mesh.nats.copyStore();
    await world.answer(open, { output: 'The old answer.' });
    await world.caughtUp(open);
    await audit.close();
    await restore();
    // Everybody goes on before audit is back.
    await world.answer(open, { output: 'The new answer.' });
    await world.decide(open);
    const partition = open.runId.slice(4, 6);
    const others: RunRef[] = [];
    while (others.filter(({ runId }) => runId.slice(4, 6) === partition).length < 3) others.push(await world.begin());
    audit = await world.startAudit();
    await rebuilt(open);
    expect((await kinds(open)).slice(4)).toEqual(['model.completed.v1', 'decision.v1']);
    expect(foldJournal(await journal(open)).output).toBe('The new answer.');
    for (const run of [open, ...others]) expect(await verified(run)).toMatchObject({ faults: [] });
  });

  it('is rebuilt once, however often that is begun', async () => {
    const marker = await world.begin();
    await world.caughtUp(marker);
    const restore = await world.mesh.nats.copyStore();
    const runs = await Promise.all(Array.from({ length: 30 }, () => world.begin()));
    for (const run of runs) await world.answer(run);
    for (const run of runs) await world.caughtUp(run);
    await audit.close();
    await restore();
    // Cut off while it works, and then again when all was done but the last word.
    const beginning = await world.startAudit();
    await waitFor(
      async () => (await Promise.all(runs.map(kinds))).some((found) => found.includes('run.recovered.v1')),
      {
        timeoutMs: WAIT_MS,
        what: 'the rebuild begins',
      },
    );
    world.cable.cut();
    await beginning.close();
    await world.cable.mend();
    audit = await world.startAudit();
    for (const run of runs) await rebuilt(run);
    await audit.close();
    await world.sql('update checkpoints set rebuilding = true where incarnation > 0');
    audit = await world.startAudit();
    for (const run of runs) await rebuilt(run);
    for (const run of runs)
      expect((await kinds(run)).toSorted()).toEqual([
        'model.completed.v1',
        'run.accepted.v1',
        'run.recovered.v1',
        'session.loaded.v1',
      ]);
  });

  it('holds up whoever asks until it is rebuilt, and says nothing of one that is whole', async () => {
    const run = await world.begin();
    await world.caughtUp(run);
    const partition = run.runId.slice(4, 6);
    expect(await state(partition)).toEqual({ whole: true, incarnation: 0 });
    await world.sql('update checkpoints set rebuilding = true where partition = $1', [partition]);
    expect(await state(partition)).toMatchObject({ whole: false });
    for (const name of PARTITION_NAMES.filter((other) => other !== partition))
      expect(await state(name)).toMatchObject({ whole: true });
  });
});
