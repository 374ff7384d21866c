import { Bus } from '@signalbox/bus';
import { subjects } from '@signalbox/contracts';
import { foldJournal } from '@signalbox/run-engine';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT, WAIT_MS, World } from '../audit.fixture.js';

const EMAIL = 'ann.quist@posteo.example';
const CARD = '4111 1111 1111 1111';

let world: World;

beforeAll(async () => {
  world = await World.start();
  await world.startAudit();
});
afterAll(() => world.stop());

const listed = async (tenant = TENANT): Promise<Record<string, unknown>[]> =>
  (await world.ask(`${tenant}/incidents`)).body.data ?? [];
const incident = (match: Record<string, unknown>): Promise<Record<string, unknown>> =>
  waitFor(
    async () =>
      (await listed()).find((one) => Object.entries(match).every(([key, value]) => one[key] === value)) ?? false,
    {
      timeoutMs: WAIT_MS,
      what: `an incident with ${JSON.stringify(match)}`,
    },
  ) as Promise<Record<string, unknown>>;

describe('audit', () => {
  it('raises nothing over runs whose text was cleaned', async () => {
    const run = await world.complete({ input: 'Write to [[EMAIL:vkszn5tdykzttavmdpjo]].', output: 'Done.' });
    await world.archived(run, (row) => row['status'] === 'completed');
    expect(await listed()).toEqual([]);
  });

  it('raises an incident over a raw value in a journal, with place and class and never the value', async () => {
    const run = world.newRun();
    await world.accept(run, {}, { input: `Write to ${EMAIL}, paid by ${CARD}.` });
    const subject = subjects.run(TENANT, run.runId);
    const { seq } = (await world.buses.router.journal.last(run))!;
    expect(await incident({ what: 'EMAIL', subject })).toMatchObject({
      kind: 'raw-value',
      tenant: TENANT,
      seq,
      count: 1,
    });
    expect(await incident({ what: 'CARD', subject })).toMatchObject({ kind: 'raw-value', seq });
    const rows = await world.sql(
      'select * from incidents union all select id, tenant, kind, service, facts::text, 0, at, at, 0 from notes',
    );
    expect(rows.map(({ kind }) => kind)).toContain('incident-raw-value');
    expect(JSON.stringify(rows)).not.toContain('posteo');
    expect(JSON.stringify(rows)).not.toContain('4111');
  });

  it('raises one over work and over a session too', async () => {
    await world.sendWork(`Call ${EMAIL}.`);
    expect(await incident({ subject: subjects.workInfer('default', TENANT) })).toMatchObject({
      what: 'EMAIL',
      seq: null,
    });
    const sessions = await world.buses.memory.bucket('sessions');
    await sessions.put(`${TENANT}.ses_x`, new TextEncoder().encode(`{"content":"${EMAIL}"}`));
    expect(await incident({ subject: `$KV.sessions.${TENANT}.ses_x` })).toMatchObject({ what: 'EMAIL' });
  });

  it('raises one over an entry that is not from whom it says', async () => {
    const run = await world.begin();
    await world.cancel(run, await world.impostor());
    expect(await incident({ kind: 'seal' })).toMatchObject({
      what: 'run.cancel-requested.v1 by guard',
      subject: subjects.run(TENANT, run.runId),
    });
  });

  it('raises one over an answer whose gate names no ruleset, or one that is not in force', async () => {
    for (const [ruleset, what] of [
      [undefined, 'model.completed.v1 names no ruleset'],
      ['balanced-1', 'model.completed.v1 was cleaned by balanced-1, which is not in force'],
    ] as const) {
      const run = await world.begin({ ruleset: 'balanced-2' });
      await world.answer(run, { ruleset });
      expect(await incident({ kind: 'ruleset', subject: subjects.run(TENANT, run.runId) })).toMatchObject({ what });
      expect(foldJournal(await world.buses.router.journal.read(run))).toMatchObject({
        status: 'running',
        output: null,
      });
    }
  });

  it('raises one when somebody gets round the account boundary, and tells how it last stood', async () => {
    const options = { service: 'provisioner', account: 'CORE', url: world.mesh.url } as const;
    const bus = await Bus.connect({ ...options, keysDir: world.mesh.keysDir('provisioner') });
    const subject = subjects.audit(TENANT, 'self-test');
    const note = (ok: boolean, at: number) => {
      const facts = { ok, attempts: 233, gotThrough: ok ? 0 : 1, first: ok ? null : 'gateway: publish to run of CORE' };
      return bus.publish('audit', subject, { kind: 'self-test', service: 'provisioner', facts, at });
    };
    await note(false, 1_000);
    expect(await incident({ kind: 'boundary' })).toMatchObject({
      what: 'gateway: publish to run of CORE',
      firstAt: 1_000,
    });
    await note(true, 2_000);
    const stands = async (): Promise<boolean> =>
      ((await world.ask(`${TENANT}/incidents`)).body['boundary'] as { at: number } | null)?.at === 2_000;
    await waitFor(stands, { timeoutMs: WAIT_MS, what: 'the newer self-test' });
    expect((await world.ask(`${TENANT}/incidents`)).body).toMatchObject({ boundary: { ok: true, attempts: 233 } });
    await bus.drain(500);
  });

  it('counts what happens again, and shows it to those of its tenant alone', async () => {
    const before = Number((await incident({ subject: subjects.workInfer('default', TENANT) }))['count']);
    await world.sendWork(`Call ${EMAIL} again.`);
    const again = async (): Promise<boolean> =>
      Number((await incident({ subject: subjects.workInfer('default', TENANT) }))['count']) > before;
    await waitFor(again, { timeoutMs: WAIT_MS, what: 'the incident to be counted again' });
    expect(await listed('globex')).toEqual([]);
    expect((await world.ask(`${TENANT}/incidents?limit=0`)).status).toBe(400);
    expect((await world.ask(`${TENANT}/incidents`, 'Bearer nothing')).status).toBe(401);
  });
});
