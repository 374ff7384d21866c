import { Bus } from '@signalbox/bus';
import type { ScheduleFiredV1, ScheduleFireV1 } from '@signalbox/contracts';
import { runOfSchedule } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { createDataSource } from '@signalbox/persistence';
import { startMesh, startPostgres, type TestMesh, type TestPostgres, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, buildPolicy, type PolicyProcess, startPolicy } from '../policy-process.fixture.js';

const TENANT = 'acme';
const EMAIL = 'ann@example.com';
const HOUR = 3_600_000;
const WAIT_MS = 40_000;

let mesh: TestMesh;
let postgres: TestPostgres;
let pgUrl: string;
let first: PolicyProcess;
let second: PolicyProcess;
let guard: Bus;
/** Orders as they came, and the runs that they began. */
const orders: ScheduleFireV1[] = [];
const began = new Set<string>();
/** What the guard says instead, by schedule. */
const says = new Map<string, () => ScheduleFiredV1 | Promise<never>>();

beforeAll(async () => {
  buildPolicy();
  [mesh, postgres] = await Promise.all([startMesh(), startPostgres()]);
  pgUrl = await postgres.createSchema();
  const env = { SIGNALBOX_DELIVERY_WAIT_MS: '20000', SIGNALBOX_FIRE_POLL_MS: '50', SIGNALBOX_TENANTS: TENANT };
  first = await startPolicy({ mesh, pgUrl, env });
  second = await startPolicy({ mesh, pgUrl, env });
  guard = await Bus.connect({ service: 'guard', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('guard') });
  await guard.serve('scheduleFire', async ({ body, tenant }) => {
    orders.push(body);
    const instead = says.get(body.scheduleId);
    if (instead) return instead();
    const { runId } = runOfSchedule(tenant, body.scheduleId, body.dueAt);
    const outcome = began.has(runId) ? ('again' as const) : ('started' as const);
    began.add(runId);
    return { outcome, runId, error: null };
  });
}, 180_000);
afterAll(async () => {
  await guard?.drain(500);
  await first?.stop();
  await second?.stop();
  await mesh?.stop();
  await postgres?.stop();
});

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  first.ask(method, `/admin/v1/tenants/${TENANT}/schedules${path}`, {
    ...(body === undefined ? {} : { body }),
    headers,
  });
const order = (id: string, change: object = {}): Record<string, unknown> => ({
  id,
  agent: 'analyst',
  keyId: 'first',
  times: { kind: 'interval', everyMs: HOUR, startAt: Date.now() + 24 * HOUR },
  input: [{ role: 'user', content: `Report to ${EMAIL}.` }],
  ...change,
});
async function sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const dataSource = await createDataSource({
    url: pgUrl,
    entities: [],
    migrations: [],
  }).initialize();
  try {
    const rows = (await dataSource.query(text, values)) as unknown;
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
  } finally {
    await dataSource.destroy();
  }
}
const table = 'schedules';
/** Makes it due as if nobody had looked since. */
const makeDue = (id: string, dueAt: number): Promise<unknown> =>
  sql(
    `update ${table} set next_at = $2, definition = jsonb_set(definition, '{times,startAt}', to_jsonb($2::bigint)) where id = $1`,
    [id, dueAt],
  );
const ordersOf = (id: string): ScheduleFireV1[] => orders.filter(({ scheduleId }) => scheduleId === id);
const fired = async (id: string): Promise<Record<string, unknown>> => {
  const settled = async (): Promise<Record<string, unknown> | false> => {
    const { body } = await ask('GET', `/${id}`);
    return body['last'] != null && (body['last'] as Record<string, unknown>);
  };
  return waitFor(settled, { timeoutMs: WAIT_MS, what: `${id} to be fired` }) as Promise<Record<string, unknown>>;
};

describe('schedules', () => {
  it('are made, shown cleaned, changed by who knows them, turned off and on, and removed', async () => {
    const made = await ask(
      'PUT',
      '/daily',
      order('daily', { times: { kind: 'cron', cron: '0 8 * * 1-5', timeZone: 'Europe/Berlin' } }),
    );
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      id: 'daily',
      revision: 1,
      definition: { missed: 'skip', overlap: 'skip', enabled: true, session: false },
      input: [{ role: 'user', content: 'Report to [EMAIL].' }],
      last: null,
      started: 0,
    });
    expect(JSON.stringify(await sql(`select * from ${table}`))).not.toContain(EMAIL);
    const upcoming = (await ask('GET', '/daily/upcoming?count=3')).body.items as string[];
    expect(upcoming).toHaveLength(3);
    expect(upcoming[0]).toBe(made.body['nextAt']);
    expect((await ask('PUT', '/daily', order('daily'))).status).toBe(428);
    const { input: _input, ...same } = order('daily');
    const changed = await ask('PUT', '/daily', same, { 'if-match': made.headers.get('etag') ?? '' });
    expect(changed).toMatchObject({ status: 200, body: { revision: 2, input: [{ content: 'Report to [EMAIL].' }] } });
    expect((await ask('POST', '/daily/disable')).body).toMatchObject({ nextAt: null, definition: { enabled: false } });
    expect((await ask('POST', '/daily/enable')).body).toMatchObject({ nextAt: changed.body['nextAt'] });
    expect((await ask('GET', '')).body.items).toHaveLength(1);
    expect((await ask('DELETE', '/daily')).status).toBe(428);
    expect((await ask('DELETE', '/daily', undefined, { 'if-match': '*' })).status).toBe(204);
    expect((await ask('GET', '/daily')).status).toBe(404);
    expect((await ask('DELETE', '/daily')).status).toBe(404);
  });

  it.each([
    ['no input', { input: undefined }],
    ['an empty input', { input: [] }],
    ['too much input', { input: Array.from({ length: 3 }, () => ({ role: 'user', content: 'x'.repeat(16_000) })) }],
    ['an unknown agent', { agent: 'nobody' }],
    ['an unknown key', { keyId: 'nobody' }],
    ['six fields', { times: { kind: 'cron', cron: '0 0 8 * * 1' } }],
    ['a zone of no place', { times: { kind: 'cron', cron: '0 8 * * *', timeZone: 'Europe/Atlantis' } }],
    ['a day that never comes', { times: { kind: 'cron', cron: '0 0 31 2 *' } }],
    ['seconds', { times: { kind: 'interval', everyMs: 1_000, startAt: 0 } }],
    ['a field that is none', { every: 'day' }],
    ['another id', { id: 'other' }],
  ])('with %s are refused', async (_, change) => {
    expect((await ask('PUT', '/wrong', order('wrong', change))).status).toBe(400);
  });

  it('are fired once for a due time by two processes, and the guard is told what they ask only sealed', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `both-${n}`);
    await Promise.all(ids.map((id) => ask('PUT', `/${id}`, order(id))));
    const dueAt = Date.now() - 1_000;
    await sql(`update ${table} set next_at = $1 where id like 'both-%'`, [dueAt]);
    for (const id of ids) await fired(id);
    for (const id of ids) {
      const [one] = ordersOf(id) as [ScheduleFireV1];
      expect(one).toMatchObject({ dueAt, agent: 'analyst', keyId: 'first' });
      expect(JSON.stringify(one)).not.toContain(EMAIL);
      expect((await ask('GET', `/${id}`)).body).toMatchObject({ started: 1, missed: 0, last: { outcome: 'started' } });
    }
    // Nobody had two goes at one of them without need.
    expect(orders.filter(({ scheduleId }) => scheduleId.startsWith('both-'))).toHaveLength(ids.length);
  });

  it('whose firer died with them are fired by the other, and it is the same run', async () => {
    await ask('PUT', '/orphan', order('orphan'));
    let hold: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (hold = resolve));
    says.set('orphan', async () => {
      await held;
      throw new MeshError('SHUTTING_DOWN', 'The guard goes down.');
    });
    const dueAt = Date.now() - 500;
    await makeDue('orphan', dueAt);
    await waitFor(() => ordersOf('orphan').length === 1, { timeoutMs: WAIT_MS, what: 'the first order' });
    await second.kill();
    says.delete('orphan');
    hold?.();
    // What a dead process claimed is free when its claim is over.
    await sql(`update ${table} set claimed_until = 0 where id = 'orphan'`);
    await fired('orphan');
    const { runId } = runOfSchedule(TENANT, 'orphan', dueAt);
    expect(ordersOf('orphan').every((one) => one.dueAt === dueAt)).toBe(true);
    expect((await ask('GET', '/orphan')).body).toMatchObject({ started: 1, last: { runId } });
  });

  it('are fired again after a fault that passes, and not after a refusal', async () => {
    await Promise.all(['shaky', 'refused'].map((id) => ask('PUT', `/${id}`, order(id))));
    says.set('shaky', async () => {
      says.delete('shaky');
      throw new MeshError('OVERLOADED', 'Not now.');
    });
    says.set('refused', () => ({
      outcome: 'refused',
      runId: runOfSchedule(TENANT, 'refused', 1).runId,
      error: { code: 'KEY_INVALID', message: 'The key is revoked.' },
    }));
    await Promise.all(['shaky', 'refused'].map((id) => makeDue(id, Date.now() - 500)));
    expect(await fired('shaky')).toMatchObject({ outcome: 'started' });
    expect(ordersOf('shaky')).toHaveLength(2);
    expect(await fired('refused')).toMatchObject({ outcome: 'refused', error: { code: 'KEY_INVALID' } });
    expect((await ask('GET', '/refused')).body).toMatchObject({ started: 0 });
    expect(ordersOf('refused')).toHaveLength(1);
  });

  it('that were missed are given up, or made up for by one run', async () => {
    await ask('PUT', '/skips', order('skips'));
    await ask('PUT', '/once', order('once', { missed: 'once' }));
    const dueAt = Date.now() - 3 * HOUR - 600_000;
    await Promise.all(['skips', 'once'].map((id) => makeDue(id, dueAt)));
    expect(await fired('skips')).toMatchObject({ outcome: 'missed', runId: null });
    expect(ordersOf('skips')).toEqual([]);
    expect(await fired('once')).toMatchObject({ outcome: 'started' });
    expect(ordersOf('once').map((one) => one.dueAt)).toEqual([dueAt + 3 * HOUR]);
    expect((await ask('GET', '/skips')).body).toMatchObject({
      missed: 4,
      nextAt: new Date(dueAt + 4 * HOUR).toISOString(),
    });
    expect((await ask('GET', '/once')).body).toMatchObject({ missed: 3, started: 1 });
  });

  it('name the run before, unless they may overlap', async () => {
    await ask('PUT', '/patient', order('patient'));
    await ask('PUT', '/eager', order('eager', { overlap: 'allow' }));
    for (const round of [1, 2]) {
      await sql(`update ${table} set last = null where id in ('patient', 'eager')`);
      await Promise.all(['patient', 'eager'].map((id) => makeDue(id, Date.now() - round * 1_000)));
      await Promise.all(['patient', 'eager'].map(fired));
    }
    const [before, after] = ordersOf('patient') as [ScheduleFireV1, ScheduleFireV1];
    expect(before.unlessOpen).toBeUndefined();
    expect(after.unlessOpen).toBe(runOfSchedule(TENANT, 'patient', before.dueAt).runId);
    expect(ordersOf('eager').map(({ unlessOpen }) => unlessOpen)).toEqual([undefined, undefined]);
  });

  it('are bounded in number', async () => {
    await sql(
      `insert into ${table} (tenant, id, definition, sealed, preview, revision, updated_at)
       select $1, 'many-' || n, '{}', '', '[]', 1, now() from generate_series(1, 200) n`,
      [TENANT],
    );
    expect((await ask('PUT', '/too-many', order('too-many'))).status).toBe(409);
    await sql(`delete from ${table} where id like 'many-%'`);
  });
});
