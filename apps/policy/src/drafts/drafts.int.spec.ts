import { Bus } from '@signalbox/bus';
import { TRUSTED_CALL } from '@signalbox/contracts';
import { type CompiledPolicy, floorMemory, PolicyStore, watchBundles } from '@signalbox/policy-engine';
import { startMesh, startPostgres, type TestMesh, type TestPostgres, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type AskOptions,
  buildPolicy,
  type PolicyProcess,
  startPolicy,
} from '../policy-process.fixture.js';

let mesh: TestMesh;
let postgres: TestPostgres;
let policy: PolicyProcess;
let bus: Bus;
let store: PolicyStore;

const ask = (method: string, path: string, options?: AskOptions): Promise<Answer> =>
  policy.ask(method, `/admin/v1/tenants/acme${path}`, options);
const send = (method: string, path: string, body: unknown = {}): Promise<Answer> => ask(method, path, { body });
/** Status, title and named fields. */
const told = ({ status, body }: Answer): unknown[] => [status, body['title'], ...(body.fields ?? [])];
const version = async (): Promise<number> => Number((await ask('GET', '/bundle')).body['version']);
const inForce = (wanted: number): Promise<CompiledPolicy> =>
  waitFor(
    () =>
      store.tenants().includes('acme') && store.forTenant('acme').bundle.version >= wanted && store.forTenant('acme'),
    { timeoutMs: 30_000, what: `version ${wanted}` },
  );

const rule = (id: string, effect: string, tools: string[] | '*' = ['http_get']): object => ({
  id,
  effect,
  agents: '*',
  tools,
  when: [],
  description: '',
});
/** Whatever revision it has. */
const ANY = { 'if-match': '*' };
const put = (kind: string, id: string, definition: object): object => ({ kind, id, op: 'put', definition });
const gone = (kind: string, id: string): object => ({ kind, id, op: 'delete' });
const model = (id: string): object => ({
  id,
  provider: 'default',
  inputNanoUsdPerToken: 1,
  outputNanoUsdPerToken: 2,
  outputTokensMax: 100,
  timeoutMs: 1_000,
});
const test = (id: string, outcome: string, by?: string[]): object => ({
  id,
  agent: 'analyst',
  tool: 'http_get',
  arguments: { url: 'https://example.com/' },
  userId: 'first',
  expect: { outcome, ...(by ? { by } : {}) },
});
async function draft(id: string, ...changes: object[]): Promise<Answer> {
  return send('POST', '/drafts', { id, title: `draft ${id}`, changes });
}

beforeAll(async () => {
  buildPolicy();
  [mesh, postgres] = await Promise.all([startMesh(), startPostgres()]);
  const env = { SIGNALBOX_DELIVERY_WAIT_MS: '20000' };
  policy = await startPolicy({ mesh, pgUrl: await postgres.createSchema(), env });
  bus = await Bus.connect({ service: 'router', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('router') });
  store = new PolicyStore({ publicKey: bus.keys.publicKey('bundle-sign'), floors: floorMemory() });
  watchBundles(await bus.bucket('policy'), store);
}, 120_000);
afterAll(async () => {
  await bus?.drain(1_000);
  await policy?.stop();
  await Promise.all([mesh?.stop(), postgres?.stop()]);
});

describe('a draft', () => {
  it('is published as one bundle, or not at all', async () => {
    const before = await version();
    const analyst = ((await ask('GET', '/agents/analyst')).body as { definition: object }).definition;
    const made = await draft(
      'both',
      put('agents', 'reader', { ...analyst, id: 'reader', model: 'second', tools: ['http_get'] }),
      put('models', 'second', model('second')),
      put('rules', 'reader-reads', { ...rule('reader-reads', 'permit'), agents: ['reader'] }),
      put('limits', 'tenant', { concurrentRunsMax: 7 }),
    );
    expect(made).toMatchObject({ status: 201, body: { state: 'open', baseVersion: before, authors: ['owner'] } });
    expect(await version()).toBe(before);
    const published = await send('POST', '/drafts/both/publish');
    expect([published.status, published.headers.get('sb-bundle')]).toEqual([200, String(before + 1)]);
    const now = await inForce(before + 1);
    expect(now.limits).toEqual({ concurrentRunsMax: 7 });
    const access = {
      agent: 'reader',
      tool: 'http_get',
      arguments: { url: 'https://example.com/' },
      userId: 'first',
      labels: TRUSTED_CALL,
    };
    expect(now.authorize(access)).toMatchObject({ outcome: 'permit', rules: ['reader-reads'] });
    expect(told(await send('POST', '/drafts/both/publish'))).toEqual([409, 'CONFLICT']);
  });

  it('tells all that is wrong at once, and then changes nothing', async () => {
    const before = await version();
    await draft(
      'wrong',
      put('rules', 'for-nobody', { ...rule('for-nobody', 'permit'), agents: ['nobody'] }),
      gone('models', 'second'),
      put('policies', 'bad', {
        id: 'bad',
        description: '',
        text: 'permit(principal, action, resource == Tool::"http_get") when { context.arguments.uri == "x" };',
      }),
      put('rules', 'fine', rule('fine', 'forbid')),
    );
    const { body } = await send('POST', '/drafts/wrong/validate');
    expect(body).toMatchObject({
      valid: false,
      problems: [
        { kind: 'rules', id: 'for-nobody', message: 'agents.0: there is no agent nobody' },
        { kind: 'models', id: 'second', message: 'is used by agents/reader' },
        { kind: 'policies', id: 'bad' },
      ],
    });
    const published = await send('POST', '/drafts/wrong/publish');
    expect(told(published)).toEqual([400, 'REQUEST_INVALID', 'rules/for-nobody', 'models/second', 'policies/bad']);
    expect([await version(), (await ask('GET', '/rules/fine')).status]).toEqual([before, 404]);
    expect((await ask('DELETE', '/drafts/wrong')).status).toBe(204);
  });

  it('may remove what its own changes no longer name', async () => {
    const added = await draft('out', gone('agents', 'reader'), gone('models', 'second'), gone('rules', 'reader-reads'));
    expect(added.status).toBe(201);
    expect((await send('POST', '/drafts/out/publish')).status).toBe(200);
    expect((await ask('GET', '/agents/reader')).status).toBe(404);
  });

  it('says which definitions others changed meanwhile, and goes on once that is seen', async () => {
    await send('PUT', '/rules/shared', rule('shared', 'forbid'));
    await send('PUT', '/rules/alone', rule('alone', 'forbid'));
    await draft(
      'late',
      put('rules', 'shared', rule('shared', 'permit')),
      put('rules', 'alone', rule('alone', 'permit')),
      put('rules', 'new', rule('new', 'forbid', ['python'])),
    );
    const { headers } = await ask('GET', '/rules/shared');
    const etag = headers.get('etag')!;
    await ask('PUT', '/rules/shared', { body: rule('shared', 'forbid', ['python']), headers: { 'if-match': etag } });
    await send('PUT', '/rules/new', rule('new', 'permit', ['python']));
    const refused = await send('POST', '/drafts/late/publish');
    expect(refused).toMatchObject({ status: 409, body: { title: 'CONFLICT' } });
    expect((refused.body['conflicts'] as { id: string }[]).map(({ id }) => id)).toEqual(['shared', 'new']);
    expect((await send('POST', '/drafts/late/rebase')).status).toBe(200);
    expect((await send('POST', '/drafts/late/publish')).status).toBe(200);
    expect((await ask('GET', '/rules/shared')).body).toMatchObject({ definition: { effect: 'permit' } });
  });

  it('that changes nothing issues no bundle', async () => {
    const before = await version();
    await draft('same', put('rules', 'shared', rule('shared', 'permit')), gone('rules', 'never-was'));
    const published = await send('POST', '/drafts/same/publish');
    expect([published.status, published.headers.get('sb-bundle'), await version()]).toEqual([200, null, before]);
  });

  it('is published once, though it is asked for twice at once', async () => {
    const before = await version();
    await draft('twice', put('rules', 'once', rule('once', 'forbid', ['python'])));
    const answers = await Promise.all([1, 2, 3].map(() => send('POST', '/drafts/twice/publish')));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
    expect(await version()).toBe(before + 1);
  });

  it('refuses what it cannot hold', async () => {
    expect(told(await draft('k', put('keys', 'x', {})))).toEqual([400, 'REQUEST_INVALID', 'changes.0.kind']);
    expect(told(await draft('l', put('limits', 'mine', {})))).toEqual([400, 'REQUEST_INVALID', 'limits/mine']);
    expect(told(await draft('m', { kind: 'rules', id: 'x' }))).toEqual([400, 'REQUEST_INVALID', 'rules/x']);
    expect(told(await draft('n', put('rules', 'x', { ...rule('y', 'permit') })))).toEqual([
      400,
      'REQUEST_INVALID',
      'rules/x',
    ]);
    expect(told(await send('POST', '/drafts/none/publish'))).toEqual([404, 'NOT_FOUND']);
  });
});

describe('tests of policies', () => {
  it('block every change that they do not pass with', async () => {
    await draft('tested', put('tests', 'reads', test('reads', 'permit', ['shared', 'alone'])));
    const wrong = await send('POST', '/drafts/tested/publish');
    expect(told(wrong)).toEqual([409, 'TESTS_FAILED']);
    await send('PUT', '/drafts/tested/changes', { changes: [put('tests', 'reads', test('reads', 'permit'))] });
    expect((await send('POST', '/drafts/tested/publish')).status).toBe(200);

    const before = await version();
    const direct = await send('PUT', '/rules/closes', rule('closes', 'forbid'));
    expect(direct).toMatchObject({ status: 409, body: { title: 'TESTS_FAILED' } });
    expect((direct.body['failing'] as object[])[0]).toMatchObject({ id: 'reads', outcome: 'deny', by: ['closes'] });
    expect([await version(), (await ask('GET', '/rules/closes')).status]).toEqual([before, 404]);
    expect((await send('POST', '/tests/run')).body).toMatchObject({
      passed: true,
      results: [{ id: 'reads', ok: true }],
    });
  });

  it('never hold up a halt', async () => {
    const halted = await send('PUT', '/halts/all', { id: 'all', agents: '*', reason: 'for a spec' });
    expect(halted.status).toBe(201);
    expect((await ask('DELETE', '/halts/all', { headers: ANY })).status).toBe(204);
  });

  it('must name an agent and a tool that are there, and arguments that reach policy', async () => {
    expect(told(await send('PUT', '/tests/a', { ...test('a', 'deny'), tool: 'none' }))).toEqual([
      400,
      'REQUEST_INVALID',
      'tool',
    ]);
    expect(told(await send('PUT', '/tests/a', { ...test('a', 'deny'), arguments: { uri: 1 } }))).toEqual([
      409,
      'TESTS_FAILED',
    ]);
  });
});

describe('the history of bundles', () => {
  it('tells who changed what, and brings an earlier content back as a newer version', async () => {
    const before = await version();
    await draft('change', put('rules', 'late', rule('late', 'forbid', ['python'])), gone('rules', 'once'));
    await send('POST', '/drafts/change/publish');
    const { items } = (await ask('GET', '/bundles?limit=1')).body as { items: object[] };
    expect(items).toMatchObject([{ version: before + 1, author: 'owner', change: 'draft change: draft change' }]);
    const diff = (await ask('GET', `/bundles/${before + 1}/diff`)).body as { changes: object[] };
    expect(diff.changes).toMatchObject([
      { kind: 'rules', id: 'once', op: 'delete', after: null },
      { kind: 'rules', id: 'late', op: 'create', before: null },
    ]);
    const back = await send('POST', `/bundles/${before}/rollback`);
    expect([back.status, back.headers.get('sb-bundle')]).toEqual([200, String(before + 2)]);
    expect((await ask('GET', `/bundles/${before + 2}/diff?from=${before}`)).body).toMatchObject({ changes: [] });
    expect((await ask('GET', '/rules/late')).status).toBe(404);
  });

  it('never brings a revoked key back', async () => {
    const made = await send('POST', '/keys', { id: 'gone', userId: 'u', agents: '*' });
    expect(made.status).toBe(201);
    const withKey = await version();
    await ask('DELETE', '/keys/gone', { headers: ANY });
    await send('POST', `/bundles/${withKey}/rollback`);
    expect((await ask('GET', '/keys/gone')).status).toBe(404);
  });

  it('says what it does not keep', async () => {
    expect(told(await send('POST', '/bundles/9999/rollback'))).toEqual([404, 'NOT_FOUND']);
    expect(told(await ask('GET', '/bundles/x/diff'))).toEqual([400, 'REQUEST_INVALID', 'version']);
  });
});

describe('a tenant that wants two persons', () => {
  it('lets nobody publish alone, nor take the rule back', async () => {
    expect((await send('PUT', '/review', { twoPersons: true })).status).toBe(200);
    for (const answer of [
      await send('PUT', '/rules/direct', rule('direct', 'forbid', ['python'])),
      await ask('DELETE', '/rules/shared', { headers: { 'if-match': '*' } }),
      await ask('PUT', '/limits', { body: {}, headers: { 'if-match': '*' } }),
      await send('PUT', '/review', { twoPersons: false }),
    ])
      expect(told(answer)).toEqual([403, 'REVIEW_REQUIRED']);
    await draft('off', put('review', 'tenant', { twoPersons: false }));
    expect(told(await send('POST', '/drafts/off/publish'))).toEqual([403, 'REVIEW_REQUIRED']);
    expect(told(await ask('POST', '/drafts/off/approve', { body: {}, headers: { 'if-match': '"1"' } }))).toEqual([
      403,
      'APPROVER_DENIED',
    ]);
    expect((await send('PUT', '/halts/all', { id: 'all', agents: '*', reason: 'for a spec' })).status).toBe(201);
    const waiting = await send('POST', `/bundles/${await version()}/rollback`);
    expect([waiting.status, waiting.headers.get('sb-bundle')]).toEqual([200, null]);
  });
});
