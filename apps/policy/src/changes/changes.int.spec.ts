import { Bus } from '@signalbox/bus';
import type { AuditNoteV1 } from '@signalbox/contracts';
import { createDataSource } from '@signalbox/persistence';
import { startMesh, startPostgres, type TestMesh, type TestPostgres, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type AskOptions,
  buildPolicy,
  type PolicyProcess,
  startPolicy,
} from '../policy-process.fixture.js';
import { type Change, FIRST_PREVIOUS, hashOf } from './change.js';

type Shown = Omit<Change, 'at'> & { at: string };

const ANY = { 'if-match': '*' };

let mesh: TestMesh;
let postgres: TestPostgres;
let pgUrl: string;
let policy: PolicyProcess;
let audit: Bus;
const notes: AuditNoteV1[] = [];

const ask = (method: string, path: string, options?: AskOptions): Promise<Answer> =>
  policy.ask(method, `/admin/v1/tenants/acme${path}`, options);
const rule = (description: string): object => ({
  id: 'noted',
  effect: 'forbid',
  agents: '*',
  tools: ['http_post'],
  when: [],
  description,
});
const changes = async (query = ''): Promise<Shown[]> => (await ask('GET', `/changes${query}`)).body.items as Shown[];

async function everyChange(): Promise<Shown[]> {
  const found: Shown[] = [];
  for (let before = ''; ;) {
    const { body } = await ask('GET', `/changes?limit=3${before}`);
    found.push(...(body.items as Shown[]));
    if (body['next'] === null) return found;
    before = `&before=${String(body['next'])}`;
  }
}

async function sql(text: string): Promise<unknown> {
  const source = await createDataSource({ url: pgUrl, entities: [], migrations: [] }).initialize();
  try {
    return (await source.query(text)) as unknown;
  } finally {
    await source.destroy();
  }
}

beforeAll(async () => {
  buildPolicy();
  [mesh, postgres] = await Promise.all([startMesh(), startPostgres()]);
  pgUrl = await postgres.createSchema();
  policy = await startPolicy({ mesh, pgUrl, env: { SIGNALBOX_CHANGE_TELL_MS: '50' } });
  audit = await Bus.connect({ service: 'audit', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('audit') });
  await audit.work(
    'audit-notes',
    async ({ body }) => {
      const note = body as AuditNoteV1;
      if (note.kind === 'admin-change') notes.push(note);
    },
    { concurrency: 1 },
  );
}, 120_000);
afterAll(async () => {
  await audit?.drain(500);
  await policy?.stop();
  await Promise.all([mesh?.stop(), postgres?.stop()]);
});

describe('the log of changes', () => {
  it('says of each change who made it, in which request, and what was before and after', async () => {
    const made = await ask('PUT', '/rules/noted', { body: rule('one') });
    const changed = await ask('PUT', '/rules/noted', { body: rule('two'), headers: ANY });
    await ask('PUT', '/rules/noted', { body: rule('two'), headers: ANY });
    const removed = await ask('DELETE', '/rules/noted', { headers: ANY });
    const found = await changes('?resource=rules/noted');
    const requestIds = [removed, changed, made].map(({ headers }) => headers.get('sb-request-id'));
    expect(found.map(({ requestId }) => requestId)).toEqual(requestIds);
    expect(found).toMatchObject([
      { action: 'removed', before: rule('two'), after: null, principal: { id: 'owner', kind: 'owner' } },
      { action: 'changed', before: rule('one'), after: rule('two') },
      { action: 'created', before: null, after: rule('one') },
    ]);
  });

  it('has limits, schedules, keys and publishing too, and no secret', async () => {
    await ask('PUT', '/limits', { body: { weight: 2 } });
    const key = await ask('POST', '/keys', { body: { id: 'noted', userId: 'ann', agents: '*' } });
    const order = {
      id: 'noted',
      agent: 'analyst',
      keyId: 'noted',
      enabled: false,
      times: { kind: 'interval', everyMs: 3_600_000, startAt: 0 },
      input: [{ role: 'user', content: 'Write to ann@example.com.' }],
    };
    expect((await ask('PUT', '/schedules/noted', { body: order })).status).toBe(201);
    await ask('POST', '/publish');
    const [published, schedule, added, limits] = await changes('?limit=4');
    expect([published?.action, schedule?.resource, added?.resource, limits?.resource]).toEqual([
      'published',
      'schedules/noted',
      'keys/noted',
      'limits',
    ]);
    expect(limits).toMatchObject({ before: {}, after: { weight: 2 } });
    const text = JSON.stringify(await everyChange());
    expect(text).not.toMatch(/digest|ann@example\.com/);
    expect(text).not.toContain(String(key.body['key']));
  });

  it('numbers them without a gap, chained from the first that Signalbox made itself', async () => {
    const rules = Array.from({ length: 8 }, (_, n) => ({ ...rule('at once'), id: `once-${n}` }));
    await Promise.all(rules.map((body) => ask('PUT', `/rules/${body.id}`, { body })));
    const all = (await everyChange()).toReversed();
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, n) => n + 1));
    expect(all[0]).toMatchObject({ principal: { kind: 'service' }, requestId: null, previous: FIRST_PREVIOUS });
    for (const [n, { at, ...said }] of all.entries()) {
      expect(hashOf('acme', { ...said, at: Date.parse(at) })).toBe(said.hash);
      if (n > 0) expect(said.previous).toBe(all[n - 1]?.hash);
    }
  });

  it('holds nothing of a change that was refused', async () => {
    const before = await everyChange();
    expect((await ask('PUT', '/rules/bad', { body: { ...rule('x'), id: 'bad', agents: ['ghost'] } })).status).toBe(400);
    expect((await ask('DELETE', '/models/default', { headers: ANY })).status).toBe(409);
    expect(await everyChange()).toEqual(before);
  });

  it('cannot be altered, not even by its own role', async () => {
    for (const text of ["update changes set action = 'x'", 'delete from changes', 'truncate changes'])
      await expect(sql(text)).rejects.toThrow(/only added to/);
  });

  it('is told to audit, each once with its hash', async () => {
    const all = (await everyChange()).toReversed();
    const ofAcme = (): AuditNoteV1[] => notes.filter(({ facts }) => all.some(({ hash }) => hash === facts['hash']));
    await waitFor(() => ofAcme().length >= all.length, { timeoutMs: 20_000, what: 'every change in AUDIT' });
    expect(ofAcme().map(({ facts }) => [facts['seq'], facts['hash'], facts['resource']])).toEqual(
      all.map(({ seq, hash, resource }) => [seq, hash, resource]),
    );
    await waitFor(async () => ((await sql('select * from change_outbox')) as unknown[]).length === 0, {
      timeoutMs: 20_000,
      what: 'an empty outbox',
    });
  });

  it('is read in pages of one tenant, and asks for what it understands', async () => {
    expect((await policy.ask('GET', '/admin/v1/tenants/nobody/changes')).status).toBe(404);
    for (const query of ['limit=0', 'limit=201', 'before=0', 'before=x', 'resource=a b', 'order=up'])
      expect((await ask('GET', `/changes?${query}`)).status).toBe(400);
    expect(await changes('?principal=nobody')).toEqual([]);
    expect((await policy.ask('GET', '/admin/v1/changes')).body).toMatchObject({ items: [], next: null });
  });
});
