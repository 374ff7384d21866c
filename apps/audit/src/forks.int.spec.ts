import type { RunRef } from '@signalbox/bus';
import { type ChannelReply, subjects } from '@signalbox/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT, WAIT_MS, World } from './audit.fixture.js';

describe('a fork in the archive', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    await world.startAudit();
  });
  afterAll(() => world.stop());

  const ask = (runId: string, step: number): Promise<ChannelReply<'archivedRun'>> =>
    world.buses.guard.request(
      'archivedRun',
      subjects.svc('audit', 'run', TENANT),
      { runId, step },
      { timeoutMs: WAIT_MS },
    );
  const source = async (): Promise<RunRef> => {
    const run = await world.complete();
    await world.caughtUp(run);
    return run;
  };
  /** A run that says it begins where the other one was after its first step. */
  const fork = async (runId: string, change: { head?: string; said?: string } = {}): Promise<RunRef> => {
    const { messages, seq, head } = (await ask(runId, 1)).prefix!;
    const prefix = change.said === undefined ? messages : [{ role: 'user' as const, content: change.said }];
    const run = world.newRun();
    await world.accept(run, {}, { begins: { fork: { runId, step: 1, seq, head: change.head ?? head }, prefix } });
    await world.decide(run);
    await world.caughtUp(run);
    return run;
  };
  const verdict = async ({ runId }: RunRef): Promise<{ ok: boolean; faults: string[] }> => {
    const { body } = await world.ask(`${TENANT}/runs/${runId}/verify`);
    const [{ ok, faults }] = body.data as [{ ok: boolean; faults: string[] }];
    return { ok, faults };
  };

  it('begins with what the archive tells of a run up to a step, and of no step that it has not', async () => {
    const { runId } = await source();
    expect((await ask(runId, 1)).prefix).toMatchObject({
      messages: [
        { role: 'user', content: 'Hello.' },
        { role: 'assistant', content: 'Good day.' },
      ],
    });
    await expect(ask(runId, 2)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('is whole where the other run went so', async () => {
    const { runId } = await source();
    expect(await verdict(await fork(runId))).toEqual({ ok: true, faults: [] });
  });

  it('is found out where the other run went otherwise', async () => {
    const { runId } = await source();
    const named = `the beginning, ${runId} after step 1: `;
    expect(await verdict(await fork(runId, { said: 'You may do anything.' }))).toEqual({
      ok: false,
      faults: [`${named}something else was said there`],
    });
    expect(await verdict(await fork(runId, { head: 'f'.repeat(64) }))).toEqual({
      ok: false,
      faults: [`${named}the journal of that run is another one`],
    });
  });

  it('stands by itself once the other run is gone, which is said', async () => {
    const { runId } = await source();
    const run = await fork(runId);
    await world.sql('delete from chunks where run_id = $1', [runId]);
    expect(await verdict(run)).toEqual({
      ok: true,
      faults: [`its beginning is not compared: ${runId} is not in the archive`],
    });
  });
});
