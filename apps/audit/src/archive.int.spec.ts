import { subjects } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT, WAIT_MS, World } from './audit.fixture.js';

const ended = (row: Record<string, unknown>): boolean => row['endedAt'] !== null;

describe('the archive', () => {
  let world: World;
  let audit: { close(): Promise<void> };
  beforeAll(async () => {
    world = await World.start();
    audit = await world.startAudit();
  });
  afterAll(() => world.stop());

  const kept = async (runId: string): Promise<number> =>
    Number((await world.sql('select count(*) from entries where run_id = $1', [runId]))[0]?.['count']);
  const faultsOf = async (runId: string): Promise<unknown> => {
    const { body } = await world.ask(`${TENANT}/runs/${runId}/verify`);
    const [{ ok, faults }] = body.data as [{ ok: boolean; faults: string[] }];
    return ok ? faults : { faults };
  };

  it('follows the journals', async () => {
    const run = await world.begin({ userId: 'jane', agent: 'clerk' });
    expect(await world.archived(run, ({ status }) => status === 'running')).toMatchObject({
      endedAt: null,
      costNanoUsd: 0,
    });
    await world.answer(run);
    await world.decide(run);
    expect(await world.archived(run, ended)).toEqual({
      ...{
        tenant: TENANT,
        runId: run.runId,
        status: 'completed',
        agent: 'clerk',
        model: 'model-of-clerk',
        userId: 'jane',
      },
      ...{
        acceptedAt: expect.any(Number),
        endedAt: expect.any(Number),
        inputTokens: 10,
        outputTokens: 5,
        costNanoUsd: 100,
      },
      ...{ toolCalls: 0, denied: 0, simulated: true, closed: false },
    });
  });

  it('counts what it keeps and how late', async () => {
    const entriesOf = async (): Promise<number> => {
      const { data } = await world.pace();
      return data.reduce((sum, { entries }) => sum + entries, 0);
    };
    const before = await entriesOf();
    const runs = [];
    for (let at = 0; at < 20; at++)
      runs.push(...(await Promise.all(Array.from({ length: 10 }, () => world.complete()))));
    for (const run of runs) await world.caughtUp(run);
    expect(await entriesOf()).toBeGreaterThanOrEqual(before + runs.length * 7);
    const { data } = await world.pace();
    const counted = data.filter(({ batches }) => batches > 0);
    expect(counted.every(({ lagMs, lagMsMax }) => lagMs >= 0 && lagMsMax >= lagMs)).toBe(true);
    expect(Math.max(...counted.map(({ lagMsMax }) => lagMsMax))).toBeGreaterThan(0);
  });

  it('tells what happened and why', async () => {
    const run = await world.complete();
    await world.caughtUp(run);
    const { body } = await world.ask(`${TENANT}/runs/${run.runId}`);
    const story = body['story'] as { author: string; text: string }[];
    expect(story.map(({ author }) => author)).toEqual(
      expect.arrayContaining(['guard', 'router', 'memory', 'inference']),
    );
    expect(story.at(-1)?.text).toBe('Session saved.');
    expect((body['entries'] as { kind: string }[]).map(({ kind }) => kind)).toEqual([
      'run.accepted.v1',
      'decision.v1',
      'session.loaded.v1',
      'decision.v1',
      'model.completed.v1',
      'decision.v1',
      'session.saved.v1',
    ]);
  });

  it('counts an answer that comes after the end', async () => {
    const run = await world.begin();
    await world.cancel(run);
    await world.decide(run);
    expect(await world.archived(run, ended)).toMatchObject({ status: 'cancelled', costNanoUsd: 0 });
    await world.answer(run, { costNanoUsd: 777 });
    expect(await world.archived(run, ({ costNanoUsd }) => costNanoUsd === 777)).toMatchObject({ inputTokens: 10 });
  });

  it('lists what was refused at the gate', async () => {
    const run = world.newRun();
    const error = { code: 'AGENT_DENIED' as const, message: 'Not yours.' };
    await world.buses.guard.journal.append(run, 'run.refused.v1', { ...run, error, refusedAt: 1_000 });
    expect(await world.archived(run, ended)).toMatchObject({ status: 'refused', acceptedAt: 1_000, endedAt: 1_000 });
  });

  it('keeps texts that databases dislike', async () => {
    const run = await world.complete({ input: 'a NUL \u0000 and half a pair \ud83d', output: '\u0000' });
    await world.archived(run, ended);
    await world.caughtUp(run);
    expect(await faultsOf(run.runId)).toEqual([]);
    const next = await world.complete();
    await world.archived(next, ended);
  });

  it('keeps bodies that travelled by reference', async () => {
    const run = await world.complete({ output: 'long '.repeat(60_000) });
    await world.archived(run, ended);
    await world.caughtUp(run);
    expect(await faultsOf(run.runId)).toEqual([]);
  });

  it('keeps what nobody believes, with the reason', async () => {
    const run = await world.begin();
    await world.cancel(run, await world.impostor());
    await world.answer(run);
    await world.decide(run);
    expect(await world.archived(run, ended)).toMatchObject({ status: 'completed' });
    expect(await faultsOf(run.runId)).toEqual([expect.stringContaining('cannot be read or believed')]);
    const { body } = await world.ask(`${TENANT}/runs/${run.runId}`);
    expect((body['entries'] as unknown[])[4]).toEqual({
      seq: expect.any(Number),
      fault: { code: 'SEAL_INVALID', message: expect.stringContaining('run.cancel-requested.v1') },
    });
  });

  it('goes on from its checkpoint after a restart', async () => {
    const before = await world.complete();
    await world.caughtUp(before);
    await audit.close();
    const runs = await Promise.all(Array.from({ length: 12 }, () => world.complete()));
    audit = await world.startAudit();
    for (const run of [before, ...runs]) {
      await world.caughtUp(run);
      expect(await kept(run.runId)).toBe(7);
      expect(await world.archived(run, ended)).toMatchObject({ status: 'completed' });
      expect(await faultsOf(run.runId)).toEqual([]);
    }
  });

  it('is filled once, whichever of several processes is faster', async () => {
    const other = await world.startAudit();
    for (let round = 0; round < 6; round++) {
      const runs = await Promise.all(Array.from({ length: 10 }, () => world.complete()));
      for (const run of runs) {
        await world.caughtUp(run);
        expect(await kept(run.runId)).toBe(7);
        expect(await faultsOf(run.runId)).toEqual([]);
      }
    }
    await audit.close();
    audit = other;
  });

  it('loses nothing while Postgres is away', async () => {
    const run = await world.complete();
    await world.caughtUp(run);
    // Cut again and again while entries come: in whatever statement it is.
    const runs = [];
    for (let round = 0; round < 4; round++) {
      runs.push(...(await Promise.all(Array.from({ length: 5 }, () => world.complete()))));
      world.cable.cut();
      runs.push(...(await Promise.all(Array.from({ length: 5 }, () => world.complete()))));
      if (round === 0) {
        await waitFor(async () => (await world.ask(`${TENANT}/runs`)).status === 503, {
          timeoutMs: WAIT_MS,
          what: 'audit says that its database is away',
        });
        expect((await world.ask(`${TENANT}/runs`)).body.title).toBe('STORE_UNAVAILABLE');
      }
      await world.cable.mend();
    }
    for (const late of runs) {
      await world.caughtUp(late);
      expect(await kept(late.runId)).toBe(7);
      expect(await world.archived(late, ended)).toMatchObject({ status: 'completed' });
      expect(await faultsOf(late.runId)).toEqual([]);
    }
  });

  describe('notes', () => {
    const note = (service: 'guard' | 'policy', facts: Record<string, string>, id?: string): Promise<unknown> =>
      world.buses[service].publish(
        'audit',
        subjects.audit(TENANT, 'test'),
        { kind: 'test', service, facts, at: 1_000 },
        id === undefined ? {} : { id },
      );
    const notes = async (): Promise<Record<string, unknown>[]> =>
      world.sql(`select service, facts from notes where kind = 'test' order by service, facts::text`);
    const settled = (): Promise<unknown> =>
      waitFor(
        async () => {
          const { waiting, taken } = await world.mesh.work('audit-notes');
          return waiting + taken === 0;
        },
        { timeoutMs: WAIT_MS, what: 'all notes are kept' },
      );

    it('are kept once, each of its own', async () => {
      await note('guard', { a: '1' }, 'same');
      await note('guard', { a: '1' }, 'same');
      await note('policy', { a: '1' }, 'same');
      await note('guard', { b: 'a \u0000 too' });
      await settled();
      expect(await notes()).toEqual([
        { service: 'guard', facts: { a: '1' } },
        { service: 'guard', facts: { b: 'a \u0000 too' } },
        { service: 'policy', facts: { a: '1' } },
      ]);
      await world.sql(`delete from notes where kind = 'test'`);
    });

    it('wait for Postgres', async () => {
      world.cable.cut();
      await note('guard', { c: '1' });
      await waitFor(async () => (await world.mesh.work('audit-notes')).taken === 1, {
        timeoutMs: WAIT_MS,
        what: 'the note is taken',
      });
      await world.cable.mend();
      await settled();
      expect(await notes()).toEqual([{ service: 'guard', facts: { c: '1' } }]);
      expect((await world.mesh.work('audit-notes')).redelivered).toBe(0);
    });
  });
});
