import { TRUSTED_CALL } from '@signalbox/contracts';
import { Bus } from '@signalbox/bus';
import { sha256Hex } from '@signalbox/kernel';
import { floorMemory, PolicyStore, watchBundles } from '@signalbox/policy-engine';
import { startMesh, startPostgres, type TestMesh, type TestPostgres, waitFor } from '@signalbox/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AskOptions,
  type Answer,
  buildPolicy,
  type PolicyProcess,
  startPolicy,
} from './policy-process.fixture.js';

let mesh: TestMesh;
let postgres: TestPostgres;
let policy: PolicyProcess;
let bus: Bus;
let store: PolicyStore;

const ask = (method: string, path: string, options?: AskOptions): Promise<Answer> =>
  policy.ask(method, `/admin/v1/tenants/acme${path}`, options);
const status = async (...request: Parameters<typeof ask>): Promise<unknown[]> => {
  const { status: code, body } = await ask(...request);
  return [code, body['title'], ...(body.fields ?? [])];
};

/** Whatever revision it has. */
const ANY = { headers: { 'if-match': '*' } };
const model = {
  id: 'small',
  provider: 'default',
  inputNanoUsdPerToken: 1,
  outputNanoUsdPerToken: 2,
  outputTokensMax: 100,
  timeoutMs: 1_000,
};
const rule = (id: string, changes = {}): object => ({
  id,
  effect: 'forbid',
  agents: '*',
  tools: '*',
  when: [],
  description: '',
  ...changes,
});

beforeAll(async () => {
  buildPolicy();
  [mesh, postgres] = await Promise.all([startMesh(), startPostgres()]);
  policy = await startPolicy({
    mesh,
    pgUrl: await postgres.createSchema(),
    env: { SIGNALBOX_DELIVERY_WAIT_MS: '20000' },
  });
  bus = await Bus.connect({ service: 'router', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('router') });
  store = new PolicyStore({ publicKey: bus.keys.publicKey('bundle-sign'), floors: floorMemory() });
  watchBundles(await bus.bucket('policy'), store);
}, 120_000);
afterAll(async () => {
  await bus?.drain(1_000);
  await policy?.stop();
  await Promise.all([mesh?.stop(), postgres?.stop()]);
});

/** What an enforcement point has, once it has this version. */
async function inForce(version: number): Promise<ReturnType<PolicyStore['forTenant']>> {
  return waitFor(
    () =>
      store.tenants().includes('acme') && store.forTenant('acme').bundle.version >= version && store.forTenant('acme'),
    { timeoutMs: 30_000, what: `version ${version}` },
  );
}

describe('a new tenant', () => {
  it('has the sample agent, whose bundle enforcement points open', async () => {
    const forAcme = await inForce(1);
    expect(forAcme.resolve('analyst').tools.map(({ name }) => name)).toEqual([
      'python',
      'javascript',
      'http_get',
      'http_post',
    ]);
    const decide = (tool: string, args: object): string => {
      const { outcome, kind, rules } = forAcme.authorize({
        agent: 'analyst',
        tool,
        arguments: args,
        userId: 'first',
        labels: TRUSTED_CALL,
      });
      return [outcome, kind, ...rules].join(' ');
    };
    expect(decide('python', { code: '1' })).toBe('permit permit analyst-code');
    expect(decide('http_get', { url: 'https://example.com/' })).toBe('deny default');
    expect(decide('http_post', { url: 'https://example.com/', body: '' })).toBe('deny default');
  });

  it('takes the key of its first user, and of no other tenant', async () => {
    const key = (tenant: string): string =>
      sha256Hex(readFileSync(join(mesh.keysDir('cli'), `api-key-${tenant}.key`), 'utf8').trim());
    expect((await inForce(1)).authenticate(key('acme'), Date.now())).toMatchObject({ userId: 'first', agents: '*' });
    expect(() => store.forTenant('acme').authenticate(key('globex'), Date.now())).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID' }),
    );
  });
});

describe('the admin token', () => {
  it('is asked for everywhere but at the description of the API', async () => {
    for (const [method, path] of [
      ['GET', '/agents'],
      ['PUT', '/agents/x'],
      ['DELETE', '/agents/x'],
      ['POST', '/keys'],
      ['GET', '/bundle'],
      ['POST', '/publish'],
    ] as const) {
      expect([path, ...(await status(method, path, { token: '' }))]).toEqual([path, 401, 'KEY_MISSING']);
      expect([path, ...(await status(method, path, { token: 'wrong' }))]).toEqual([path, 401, 'KEY_INVALID']);
    }
    const description = await policy.ask('GET', '/admin/v1/openapi.json', { token: '' });
    expect([description.status, description.body['openapi']]).toEqual([200, '3.1.0']);
  });
});

describe('definitions', () => {
  it('are made, read, replaced by who knows their revision, and removed', async () => {
    const made = await ask('PUT', '/models/small', { body: model });
    expect([made.status, made.headers.get('sb-bundle-delivered'), made.body['definition']]).toEqual([
      201,
      'true',
      model,
    ]);
    const version = Number(made.headers.get('sb-bundle'));
    expect(made.headers.get('etag')).toBe(`"${version}"`);
    expect((await inForce(version)).bundle.version).toBeGreaterThanOrEqual(version);
    expect((await ask('GET', '/models/small')).body).toMatchObject({
      id: 'small',
      revision: version,
      definition: model,
    });

    const changed = { ...model, timeoutMs: 2_000 };
    expect(await status('PUT', '/models/small', { body: changed })).toEqual([428, 'PRECONDITION_REQUIRED']);
    expect(await status('DELETE', '/models/small')).toEqual([428, 'PRECONDITION_REQUIRED']);
    expect(
      await status('PUT', '/models/small', { body: changed, headers: { 'if-match': `"${version - 1}"` } }),
    ).toEqual([412, 'PRECONDITION_FAILED']);
    expect(await status('PUT', '/models/small', { body: changed, headers: { 'if-none-match': '*' } })).toEqual([
      412,
      'PRECONDITION_FAILED',
    ]);
    const replaced = await ask('PUT', '/models/small', { body: changed, headers: { 'if-match': `"${version}"` } });
    expect([replaced.status, replaced.body['revision']]).toEqual([200, version + 1]);
    const again = await ask('PUT', '/models/small', { body: changed });
    expect([again.status, again.headers.get('sb-bundle'), again.headers.get('etag')]).toEqual([
      200,
      null,
      `"${version + 1}"`,
    ]);

    expect(await status('DELETE', '/models/small', { headers: { 'if-match': `"${version}"` } })).toEqual([
      412,
      'PRECONDITION_FAILED',
    ]);
    expect((await ask('DELETE', '/models/small', { headers: { 'if-match': `"${version + 1}"` } })).status).toBe(204);
    expect(await status('GET', '/models/small')).toEqual([404, 'NOT_FOUND']);
    expect(await status('DELETE', '/models/small', ANY)).toEqual([404, 'NOT_FOUND']);
    expect(await status('PUT', '/models/small', { body: model, headers: { 'if-match': '*' } })).toEqual([
      412,
      'PRECONDITION_FAILED',
    ]);
  });

  it('let one of many concurrent editors win', async () => {
    const { headers } = await ask('PUT', '/rules/raced', { body: rule('raced', { tools: ['http_post'] }) });
    const edits = Array.from({ length: 8 }, (_, n) =>
      ask('PUT', '/rules/raced', {
        body: rule('raced', { tools: ['http_post'], description: `edit ${n}` }),
        headers: { 'if-match': headers.get('etag')! },
      }),
    );
    const answers = await Promise.all(edits);
    expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, ...Array.from({ length: 7 }, () => 412)]);
    const winner = answers.find((answer) => answer.status === 200)!;
    expect((await ask('GET', '/rules/raced')).body['definition']).toEqual(winner.body['definition']);
    await ask('DELETE', '/rules/raced', ANY);
  });

  it('keep every one of many concurrent additions, one version each', async () => {
    const before = (await ask('GET', '/bundle')).body['version'] as number;
    const ids = Array.from({ length: 12 }, (_, n) => `added-${n}`);
    const answers = await Promise.all(
      ids.map((id) => ask('PUT', `/rules/${id}`, { body: rule(id, { tools: ['http_post'] }) })),
    );
    const versions = answers.map((answer) => Number(answer.headers.get('sb-bundle'))).toSorted((a, b) => a - b);
    expect(versions).toEqual(ids.map((_, n) => before + 1 + n));
    const newest = await ask('GET', '/bundle');
    const { rules } = JSON.parse((newest.body['signed'] as { payload: string }).payload) as { rules: { id: string }[] };
    expect(rules.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    await inForce(versions.at(-1)!);
    for (const id of ids) await ask('DELETE', `/rules/${id}`, ANY);
  });

  it('are paged in the order of their ids', async () => {
    const first = await ask('GET', '/tools?limit=3');
    expect(first.body.items).toMatchObject([{ id: 'http_get' }, { id: 'http_post' }, { id: 'javascript' }]);
    const second = await ask('GET', `/tools?limit=3&after=${String(first.body['next'])}`);
    expect([second.body.items?.length, second.body['next']]).toEqual([1, null]);
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'after=a.b', 'order=up']) {
      expect((await status('GET', `/tools?${query}`)).slice(0, 2)).toEqual([400, 'REQUEST_INVALID']);
    }
  });

  it('may name only what is there, and stay while they are named', async () => {
    const analyst = (await ask('GET', '/agents/analyst')).body['definition'] as object;
    const other = { ...analyst, id: 'other' };
    expect(
      await status('PUT', '/agents/other', { body: { ...other, model: 'ghost', tools: ['python', 'none', 'python'] } }),
    ).toEqual([400, 'REQUEST_INVALID', 'model', 'tools.1', 'tools.2']);
    expect(
      await status('PUT', '/rules/r', { body: rule('r', { agents: ['ghost'], tools: ['python', 'none'] }) }),
    ).toEqual([400, 'REQUEST_INVALID', 'agents.0', 'tools.1']);
    expect(await status('POST', '/keys', { body: { userId: 'u', agents: ['ghost'] } })).toEqual([
      400,
      'REQUEST_INVALID',
      'agents.0',
    ]);
    expect(await ask('DELETE', '/models/default', ANY)).toMatchObject({
      status: 409,
      body: { usedBy: ['agents/analyst'] },
    });
    expect(await ask('DELETE', '/tools/python', ANY)).toMatchObject({
      status: 409,
      body: { usedBy: ['agents/analyst', 'rules/analyst-code'] },
    });
    expect(await ask('DELETE', '/agents/analyst', ANY)).toMatchObject({
      status: 409,
      body: { usedBy: ['rules/analyst-code', 'rules/analyst-http-get', 'rules/analyst-http-post'] },
    });
  });
});

describe('bad input', () => {
  it('is refused with the field, and changes nothing', async () => {
    const before = (await ask('GET', '/bundle')).body['version'];
    const httpGet = (await ask('GET', '/tools/http_get')).body['definition'] as { driver: object };
    const put = (path: string, body: unknown): Promise<unknown[]> => status('PUT', path, { body });
    const condition = (pointer: string, op: string, value: unknown): object =>
      rule('r', { when: [{ pointer, op, value }] });
    expect(await put('/models/m', { ...model, id: 'm', timeoutMs: 'soon' })).toEqual([
      400,
      'REQUEST_INVALID',
      'timeoutMs',
    ]);
    expect(await put('/models/m', { ...model, id: 'm', timeout: 1 })).toEqual([400, 'REQUEST_INVALID', 'timeout']);
    expect(await put('/models/m', { ...model, id: 'n' })).toEqual([400, 'REQUEST_INVALID', 'id']);
    expect(await put('/models/m', { ...model, id: 'm', upstream: 'a\u0000b' })).toEqual([
      400,
      'REQUEST_INVALID',
      'upstream',
    ]);
    expect(await put('/rules/r', condition('/url', 'urlHost', ['https://example.com']))).toEqual([
      400,
      'REQUEST_INVALID',
      'when.0',
    ]);
    expect(await put('/rules/r', condition('/url', 'matches', 'x'))).toEqual([400, 'REQUEST_INVALID', 'when.0.op']);
    expect(await put('/rules/r', condition('/a~2', 'equals', 'x'))).toEqual([400, 'REQUEST_INVALID', 'when.0']);
    expect(await put('/tools/t', { ...httpGet, name: 't', tier: 'T2' })).toEqual([400, 'REQUEST_INVALID', 'tier']);
    expect(
      await put('/tools/t', {
        ...httpGet,
        name: 't',
        driver: { ...httpGet.driver, hosts: ['ok.example', 'http://x'] },
      }),
    ).toEqual([400, 'REQUEST_INVALID', 'driver.hosts.1']);
    expect(await put('/tools/t', { ...httpGet, name: 't', driver: { ...httpGet.driver, proxy: 'x' } })).toEqual([
      400,
      'REQUEST_INVALID',
      'driver.proxy',
    ]);
    expect((await put('/tools/T!', httpGet)).slice(0, 2)).toEqual([400, 'REQUEST_INVALID']);
    for (const body of [null, 7, 'text', [], {}])
      expect((await put('/models/m', body)).slice(0, 2)).toEqual([400, 'REQUEST_INVALID']);
    let deep: object = {};
    for (let n = 0; n < 100; n++) deep = { deep };
    expect(await put('/tools/t', { ...httpGet, name: 't', parameters: { type: 'object', deep } })).toEqual([
      400,
      'PAYLOAD_TOO_DEEP',
    ]);
    expect((await ask('GET', '/bundle')).body['version']).toBe(before);
  });

  it('is refused before it is parsed where it is no JSON, no UTF-8 or too large', async () => {
    const put = async (raw: string | Uint8Array<ArrayBuffer>, headers = {}): Promise<unknown[]> =>
      (await status('PUT', '/models/m', { raw, headers })).slice(0, 2);
    expect(await put('{"id":')).toEqual([400, 'REQUEST_MALFORMED']);
    expect(await put(Buffer.from([0x22, 0xff, 0x22]))).toEqual([400, 'REQUEST_MALFORMED']);
    expect(await put('['.repeat(100_000))).toEqual([400, 'REQUEST_MALFORMED']);
    expect((await put('['.repeat(50_000) + ']'.repeat(50_000)))[0]).toBe(400);
    expect(await put(`"${'x'.repeat(300_000)}"`)).toEqual([413, 'REQUEST_TOO_LARGE']);
    expect((await put('<x/>', { 'content-type': 'application/xml' }))[0]).toBe(400);
    expect(await put('{"id":"m","upstream":"\\ud800"}')).toEqual([400, 'REQUEST_INVALID']);
  });

  it('is refused when the bundle would outgrow the bus, and changes nothing', async () => {
    const httpGet = (await ask('GET', '/tools/http_get')).body['definition'] as object;
    const big = (name: string): object => ({
      ...httpGet,
      name,
      parameters: { type: 'object', description: '"'.repeat(120_000) },
    });
    const names = Array.from({ length: 5 }, (_, n) => `big${n}`);
    const answers = [];
    for (const name of names) answers.push((await status('PUT', `/tools/${name}`, { body: big(name) })).slice(0, 2));
    expect(answers.at(0)).toEqual([201, undefined]);
    expect(answers.at(-1)).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(await status('GET', `/tools/${names.at(-1)}`)).toEqual([404, 'NOT_FOUND']);
    for (const name of names) await ask('DELETE', `/tools/${name}`, ANY);
  });

  it('is told as a problem document with a documented code', async () => {
    const answer = await ask('GET', '/models/ghost');
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({
      type: 'urn:signalbox:error:NOT_FOUND',
      title: 'NOT_FOUND',
      status: 404,
      detail: 'There is no models/ghost.',
    });
  });

  it('finds no other tenants, collections, paths or preconditions', async () => {
    const at = async (method: string, path: string, options?: AskOptions): Promise<unknown[]> => {
      const { status: code, body } = await policy.ask(method, path, options);
      return [code, body['title']];
    };
    expect(await at('GET', '/admin/v1/tenants/nobody/agents')).toEqual([404, 'NOT_FOUND']);
    expect(await at('GET', '/admin/v1/tenants/nobody/bundle')).toEqual([404, 'NOT_FOUND']);
    expect(await at('POST', '/admin/v1/tenants/nobody/publish')).toEqual([404, 'NOT_FOUND']);
    expect(await at('PUT', '/admin/v1/tenants/nobody/models/small', { body: model })).toEqual([404, 'NOT_FOUND']);
    expect(await at('GET', '/admin/v1/tenants/No.Body/agents')).toEqual([400, 'REQUEST_INVALID']);
    expect(await at('GET', '/admin/v1/tenants/acme/secrets')).toEqual([404, 'ROUTE_UNKNOWN']);
    expect(await at('POST', '/admin/v1/tenants/acme/agents', { body: {} })).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(await at('GET', '/nothing')).toEqual([404, 'ROUTE_UNKNOWN']);
    expect(await status('PUT', '/models/small', { body: model, headers: { 'if-match': '7' } })).toEqual([
      400,
      'REQUEST_INVALID',
      'If-Match',
    ]);
    expect(await status('PUT', '/models/small', { body: model, headers: { 'if-none-match': '"7"' } })).toEqual([
      400,
      'REQUEST_INVALID',
      'If-None-Match',
    ]);
    expect((await policy.ask('GET', '/admin/v1/tenants')).body.items).toMatchObject([{ id: 'acme' }, { id: 'globex' }]);
  });
});

describe('keys', () => {
  it('are shown once, work at enforcement points, and stop when they are removed', async () => {
    const made = await ask('POST', '/keys', { body: { id: 'second', userId: 'ann', agents: ['analyst'] } });
    expect([made.status, made.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const key = String(made.body['key']);
    expect(key).toMatch(/^sb_acme_[A-Za-z0-9_-]{43}$/);
    expect(
      JSON.stringify([
        made.body['definition'],
        (await ask('GET', '/keys/second')).body,
        (await ask('GET', '/keys')).body,
      ]),
    ).not.toMatch(/digest/);
    const grant = (await inForce(Number(made.headers.get('sb-bundle')))).authenticate(sha256Hex(key), Date.now());
    expect(grant).toMatchObject({ id: 'second', userId: 'ann', agents: ['analyst'] });

    expect(await status('POST', '/keys', { body: { id: 'second', userId: 'eve', agents: '*' } })).toEqual([
      409,
      'CONFLICT',
    ]);
    expect(await status('POST', '/keys', { body: { userId: 'eve', agents: '*', digest: 'a'.repeat(64) } })).toEqual([
      400,
      'REQUEST_INVALID',
      'digest',
    ]);
    expect(await status('PUT', '/keys/ghost', { body: { userId: 'eve', agents: '*' } })).toEqual([404, 'NOT_FOUND']);
    const put = await ask('PUT', '/keys/second', {
      body: { userId: 'ann', agents: '*', expiresAt: 1 },
      headers: { 'if-match': made.headers.get('etag')! },
    });
    const expired = await inForce(Number(put.headers.get('sb-bundle')));
    expect(() => expired.authenticate(sha256Hex(key), Date.now())).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID' }),
    );
    expect((await ask('DELETE', '/keys/second', ANY)).status).toBe(204);
  });

  it('get an id where none is given, and never appear in the log', async () => {
    const made = await ask('POST', '/keys', { body: { userId: 'bob', agents: '*' } });
    expect(made.body['id']).toMatch(/^key_/);
    expect(JSON.stringify(policy.logs())).not.toContain(String(made.body['key']));
    await ask('DELETE', `/keys/${String(made.body['id'])}`, ANY);
  });
});
