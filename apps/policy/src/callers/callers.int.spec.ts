import { Bus } from '@signalbox/bus';
import { subjects } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { createDataSource } from '@signalbox/persistence';
import { startMesh, startPostgres, type TestMesh, type TestPostgres } from '@signalbox/testing';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type AskOptions,
  buildPolicy,
  type PolicyProcess,
  startPolicy,
} from '../policy-process.fixture.js';

const ANY = { 'if-match': '*' };
const issuerKey = generateKeyPairSync('ed25519');

let mesh: TestMesh;
let postgres: TestPostgres;
let pgUrl: string;
let policy: PolicyProcess;
let audit: Bus;
let issuer: Server;
let issuerUrl: string;

const ask = (method: string, path: string, options?: AskOptions): Promise<Answer> =>
  policy.ask(method, `/admin/v1${path}`, options);
const as = async (token: string, path: string, method = 'GET'): Promise<number> =>
  (await ask(method, path, { token })).status;
const grants = (role: string, tenants: unknown = ['acme']): object[] => [{ role, tenants }];

function token(subject: string, roles: string[] = []): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 300;
  const said = `${part({ alg: 'EdDSA', kid: 'one' })}.${part({ iss: issuerUrl, aud: 'signalbox', sub: subject, exp, roles })}`;
  return `${said}.${sign(null, Buffer.from(said), issuerKey.privateKey).toString('base64url')}`;
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
  const jwk = { ...createPublicKey(issuerKey.privateKey).export({ format: 'jwk' }), kid: 'one', alg: 'EdDSA' };
  issuer = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] }))).listen(0, '127.0.0.1');
  [mesh, postgres] = await Promise.all([startMesh(), startPostgres()]);
  issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  pgUrl = await postgres.createSchema();
  const env = {
    SIGNALBOX_OIDC_ISSUER: issuerUrl,
    SIGNALBOX_OIDC_AUDIENCE: 'signalbox',
    SIGNALBOX_OIDC_JWKS_URL: `${issuerUrl}/keys`,
    SIGNALBOX_OIDC_ROLE_MAP: JSON.stringify({ readers: grants('reader') }),
  };
  policy = await startPolicy({ mesh, pgUrl, env });
  audit = await Bus.connect({ service: 'audit', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('audit') });
}, 120_000);
afterAll(async () => {
  await audit?.drain(500);
  await policy?.stop();
  issuer?.close();
  await Promise.all([mesh?.stop(), postgres?.stop()]);
});

describe('an admin key', () => {
  it('is shown once, opens what it grants, and is stored as a hash', async () => {
    const made = await ask('POST', '/admin-keys', { body: { name: 'CI', grants: grants('author') } });
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'CI', createdBy: 'owner', lastUsedAt: null, revision: 1 },
    });
    const key = String(made.body['key']);
    expect(key).toMatch(/^sbadmin_[A-Za-z0-9_-]{43}$/);
    expect(await as(key, '/tenants/acme/agents')).toBe(200);
    expect(await as(key, '/tenants/globex/agents')).toBe(404);
    expect((await ask('GET', '/whoami', { token: key })).body).toEqual({
      id: made.body['id'],
      kind: 'key',
      name: 'CI',
      grants: grants('author'),
    });
    const shown = await ask('GET', `/admin-keys/${String(made.body['id'])}`);
    expect(shown.body['lastUsedAt']).toMatch(/^\d{4}-/);
    const stored = JSON.stringify([await sql('select * from admin_keys'), shown.body, policy.logs()]);
    for (const secret of [key, sha256Hex(key)]) expect(stored).not.toContain(secret);
  });

  it('is rotated with an overlap, and stops at once when it is revoked', async () => {
    const made = await ask('POST', '/admin-keys', { body: { name: 'turned', grants: grants('reader') } });
    const path = `/admin-keys/${String(made.body['id'])}`;
    const [first] = [String(made.body['key'])];
    const turned = await ask('POST', `${path}/rotate`, { body: { overlapMs: 60_000 } });
    const second = String(turned.body['key']);
    expect([turned.status, await as(first, '/whoami'), await as(second, '/whoami')]).toEqual([200, 200, 200]);
    const third = String((await ask('POST', `${path}/rotate`, { body: { overlapMs: 0 } })).body['key']);
    expect(await Promise.all([first, second, third].map((key) => as(key, '/whoami')))).toEqual([401, 401, 200]);
    expect((await ask('DELETE', path)).status).toBe(428);
    expect((await ask('DELETE', path, { headers: { 'if-match': '"1"' } })).status).toBe(412);
    expect((await ask('DELETE', path, { headers: ANY })).status).toBe(204);
    expect(await as(third, '/whoami')).toBe(401);
    expect((await ask('GET', path)).status).toBe(404);
  });

  it('is changed by who knows its revision, and what is wrong with it is said by field', async () => {
    const made = await ask('POST', '/admin-keys', { body: { name: 'one', grants: grants('reader') } });
    const path = `/admin-keys/${String(made.body['id'])}`;
    const body = { name: 'two', grants: grants('approver') };
    expect((await ask('PUT', path, { body })).status).toBe(428);
    const put = await ask('PUT', path, { body, headers: { 'if-match': made.headers.get('etag')! } });
    expect(put).toMatchObject({ status: 200, body: { name: 'two', revision: 2, expiresAt: made.body['expiresAt'] } });
    const refused = async (wrong: object): Promise<unknown> => {
      const { status, body: problem } = await ask('POST', '/admin-keys', { body: { ...body, ...wrong } });
      return [status, problem.fields?.[0]];
    };
    expect(await refused({ name: '' })).toEqual([400, 'name']);
    expect(await refused({ grants: [] })).toEqual([400, 'grants']);
    expect(await refused({ grants: grants('god') })).toEqual([400, 'grants.0.role']);
    expect(await refused({ grants: grants('reader', ['ghost']) })).toEqual([400, 'grants']);
    expect(await refused({ expiresAt: 1 })).toEqual([400, 'expiresAt']);
    expect(await refused({ expiresAt: Date.now() + 400 * 86_400_000 })).toEqual([400, 'expiresAt']);
    expect(await refused({ id: 'mine' })).toEqual([400, 'id']);
  });

  it('is written down in the log of the mesh and of the tenants that it names, each with its own part', async () => {
    const both = [
      { role: 'reader', tenants: ['acme', 'globex'] },
      { role: 'author', tenants: ['globex'] },
    ];
    const made = await ask('POST', '/admin-keys', { body: { name: 'both', grants: both } });
    const resource = `admin-keys/${String(made.body['id'])}`;
    const logged = async (path: string): Promise<unknown[]> =>
      (await ask('GET', `${path}/changes?resource=${resource}`)).body.items ?? [];
    expect(await logged('')).toMatchObject([{ action: 'created', after: { grants: both } }]);
    expect(await logged('/tenants/acme')).toMatchObject([{ after: { grants: grants('reader') } }]);
    expect(JSON.stringify(await logged('/tenants/acme'))).not.toContain('globex');
  });
});

describe('a user of the issuer', () => {
  it('has what their roles grant and what the table grants, until they are disabled', async () => {
    const ann = token('ann', ['readers']);
    expect([await as(ann, '/tenants/acme/agents'), await as(ann, '/tenants/globex/agents')]).toEqual([200, 404]);
    const made = await ask('POST', '/users', {
      body: { subject: 'ann', email: 'ann@example.com', grants: grants('author', ['globex']) },
    });
    expect(made).toMatchObject({ status: 201, body: { issuer: issuerUrl, disabled: false } });
    const path = `/users/${String(made.body['id'])}`;
    expect((await ask('GET', '/whoami', { token: ann })).body).toMatchObject({ kind: 'user', id: made.body['id'] });
    expect(await as(ann, '/tenants/globex/agents')).toBe(200);
    expect((await ask('POST', '/users', { body: { subject: 'ann', grants: [] } })).status).toBe(409);
    const put = await ask('PUT', path, { body: { grants: [], disabled: true }, headers: ANY });
    expect(put).toMatchObject({ status: 200, body: { disabled: true, email: null, revision: 2 } });
    expect(await as(ann, '/tenants/acme/agents')).toBe(401);
    expect((await ask('DELETE', path, { headers: ANY })).status).toBe(204);
    expect(await as(ann, '/tenants/acme/agents')).toBe(200);
    const log = JSON.stringify((await ask('GET', '/changes?limit=200')).body);
    expect(log).toContain(path.slice(1));
    expect(log).not.toMatch(/ann@example\.com|"ann"/);
  });

  it('without any role may do nothing, and nobody comes in by a token of another', async () => {
    expect([await as(token('bob'), '/whoami'), await as(token('bob'), '/tenants/acme/agents')]).toEqual([403, 404]);
    const [head, , signature] = token('bob').split('.');
    const [, body] = token('ann', ['readers']).split('.');
    expect(await as([head, body, signature].join('.'), '/whoami')).toBe(401);
  });
});

describe('another admin API', () => {
  it('learns over the bus who calls, and no more', async () => {
    const made = await ask('POST', '/admin-keys', { body: { name: 'asked', grants: grants('reader') } });
    const subject = subjects.svc('policy', 'caller', 'mesh');
    const key = (digest: string) => audit.request('caller', subject, { kind: 'key', digest }, { timeoutMs: 5_000 });
    expect(await key(sha256Hex(String(made.body['key'])))).toEqual({
      key: { id: made.body['id'], kind: 'key', name: 'asked', grants: grants('reader') },
      user: null,
    });
    expect(await key(sha256Hex('other'))).toEqual({ key: null, user: null });
    const user = await ask('POST', '/users', { body: { subject: 'eve', grants: [], disabled: true } });
    const asked = { kind: 'user' as const, id: String(user.body['id']) };
    expect(await audit.request('caller', subject, asked, { timeoutMs: 5_000 })).toEqual({
      key: null,
      user: { disabled: true, grants: [] },
    });
  });
});

describe('a key of a tenant', () => {
  it('is rotated with an overlap', async () => {
    const made = await ask('POST', '/tenants/acme/keys', { body: { id: 'turned', userId: 'ann', agents: '*' } });
    const turned = await ask('POST', '/tenants/acme/keys/turned/rotate', { body: { overlapMs: 60_000 } });
    expect(turned.status).toBe(200);
    expect(turned.body['key']).not.toBe(made.body['key']);
    expect(JSON.stringify([turned.body['definition'], (await ask('GET', '/tenants/acme/keys')).body])).not.toMatch(
      /digest|previous/,
    );
    const { signed } = (await ask('GET', '/tenants/acme/bundle')).body as { signed: { payload: string } };
    const { keys } = JSON.parse(signed.payload) as { keys: { id: string; previous?: { until: number } }[] };
    expect(keys.find(({ id }) => id === 'turned')?.previous?.until).toBeGreaterThan(Date.now());
  });
});

describe('a tenant', () => {
  it('cannot be made while the mesh runs, and the answer says why', async () => {
    const answer = await ask('POST', '/tenants', { body: { id: 'new' } });
    expect([answer.status, answer.body['title']]).toEqual([409, 'TENANTS_STATIC']);
    expect((await ask('GET', '/tenants?limit=1')).body).toMatchObject({ items: [{ id: 'acme' }], next: 'acme' });
    expect((await ask('GET', '/tenants?after=acme')).body).toMatchObject({ items: [{ id: 'globex' }], next: null });
  });
});

describe('a path', () => {
  it('takes its own methods alone', async () => {
    const refused = async (method: string, path: string): Promise<unknown> => {
      const { status, headers } = await ask(method, path);
      return [status, headers.get('allow')];
    };
    expect(await refused('DELETE', '/tenants/acme/limits')).toEqual([405, 'GET, HEAD, PUT']);
    expect(await refused('PATCH', '/users/x')).toEqual([405, 'DELETE, GET, HEAD, PUT']);
    expect(await refused('POST', '/tenants/acme/agents')).toEqual([405, 'GET, HEAD']);
    expect(await refused('OPTIONS', '/whoami')).toEqual([405, 'GET, HEAD']);
    expect(await refused('GET', '/nothing/at/all')).toEqual([404, null]);
  });
});
