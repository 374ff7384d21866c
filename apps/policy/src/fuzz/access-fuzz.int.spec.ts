import { ADMIN_ROLES, type AdminGrant, type AdminRole } from '@signalbox/contracts';
import { startMesh, startPostgres, type TestMesh, type TestPostgres, waitFor } from '@signalbox/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, buildPolicy, type PolicyProcess, startPolicy } from '../policy-process.fixture.js';
import { ROUTE_TABLE } from './route-table.fixture.js';

/** In what belongs to the other tenant, and nowhere else. */
const MARKER = 'globexian';
/** What can be done with each role. */
const HELD: Record<AdminRole, AdminRole[]> = {
  reader: ['reader'],
  approver: ['reader', 'approver'],
  author: ['reader', 'author'],
  admin: [...ADMIN_ROLES],
};
/** Things that are there, so that a look at them would show something. */
const IDS: Record<string, string> = {
  agents: 'analyst',
  tools: 'python',
  rules: 'analyst-code',
  models: 'default',
  keys: 'first',
};

interface Operation {
  name: string;
  method: string;
  path: string;
  access: string;
}
interface FuzzCaller {
  role: AdminRole;
  tenants: AdminGrant['tenants'];
  key: string;
}

let mesh: TestMesh;
let postgres: TestPostgres;
let policy: PolicyProcess;
const operations: Operation[] = [];
const callers: FuzzCaller[] = [];
/** Ids of an admin key of each tenant. */
const adminKeys: Record<string, string> = {};

async function makeKey(name: string, grants: AdminGrant[], expiresAt?: number): Promise<{ id: string; key: string }> {
  const { status, body } = await policy.ask('POST', '/admin/v1/admin-keys', { body: { name, grants, expiresAt } });
  expect(status).toBe(201);
  return { id: String(body['id']), key: String(body['key']) };
}

/** The path with things of a tenant in it. */
function fill({ path }: Operation, tenant: string): string {
  const kind = path.split('/').at(path.includes('{tenant}') ? 5 : 3) ?? '';
  const id = kind === 'admin-keys' ? (adminKeys[tenant] ?? 'akey_nobody') : (IDS[kind] ?? 'fuzz');
  return path.replace('{tenant}', tenant).replaceAll(/\{\w+\}/g, id);
}

/** An empty body and no precondition: whoever is let in is refused for that, or changes nothing that matters. */
function call(operation: Operation, tenant: string, token: string): Promise<Answer> {
  const { method } = operation;
  return policy.ask(method, fill(operation, tenant), {
    token,
    ...(['PUT', 'POST'].includes(method) ? { body: {} } : {}),
  });
}

const isRefused = ({ status }: Answer): boolean => status === 401 || status === 403;
/** An answer without what differs from one to the next. */
function told({ status, headers, body }: Answer): unknown {
  const kept = [...headers].filter(([name]) => !['date', 'sb-request-id', 'keep-alive'].includes(name));
  return { status, headers: kept, body };
}

beforeAll(async () => {
  buildPolicy();
  [mesh, postgres] = await Promise.all([startMesh(), startPostgres()]);
  policy = await startPolicy({ mesh, pgUrl: await postgres.createSchema() });
  const { body } = await policy.ask('GET', '/admin/v1/openapi.json', { token: '' });
  const paths = body['paths'] as Record<string, Record<string, Record<string, unknown>>>;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (method === 'parameters') continue;
      const name = `${method.toUpperCase()} ${path}`;
      operations.push({ name, method: method.toUpperCase(), path, access: String(operation['x-signalbox-access']) });
      expect([name, operation['x-signalbox-undescribed']]).toEqual([name, undefined]);
    }
  }
  const { body: analyst } = await policy.ask('GET', '/admin/v1/tenants/globex/agents/analyst');
  const definition = { ...(analyst['definition'] as object), description: MARKER };
  const marked = await policy.ask('PUT', '/admin/v1/tenants/globex/agents/analyst', {
    body: definition,
    headers: { 'if-match': '*' },
  });
  expect(marked.status).toBe(200);
  for (const tenant of ['acme', 'globex'])
    adminKeys[tenant] = (
      await makeKey(tenant === 'globex' ? MARKER : 'own', [{ role: 'reader', tenants: [tenant] }])
    ).id;
  for (const role of ADMIN_ROLES) {
    for (const tenants of [['acme'], '*'] as const)
      callers.push({
        role,
        tenants: tenants as AdminGrant['tenants'],
        ...(await makeKey(role, [{ role, tenants: tenants as AdminGrant['tenants'] }])),
      });
  }
}, 180_000);
afterAll(async () => {
  await policy?.stop();
  await Promise.all([mesh?.stop(), postgres?.stop()]);
});

/** What the table lets a caller do at an operation with things of a tenant. */
function expected({ role, tenants }: FuzzCaller, name: string, tenant: string): 'in' | 'refused' | 'unseen' {
  const [wanted, of] = (ROUTE_TABLE[name] ?? '').split(' ') as [AdminRole, string];
  const holds = HELD[role].includes(wanted);
  const there = tenants === '*' || tenants.includes(tenant);
  if (of === 'tenant' && !there) return 'unseen';
  if (of === 'mesh' && tenants !== '*') return 'refused';
  return holds ? 'in' : 'refused';
}

describe('the admin API', () => {
  it('has exactly the operations of the table, each with its access', () => {
    const live = Object.fromEntries(operations.map(({ name, access }) => [name, access]));
    expect(live).toEqual(ROUTE_TABLE);
  });

  it('lets nobody in without a credential in force', async () => {
    const expired = await makeKey('expired', [{ role: 'admin', tenants: '*' }], Date.now() + 1_000);
    const revoked = await makeKey('revoked', [{ role: 'admin', tenants: '*' }]);
    await policy.ask('DELETE', `/admin/v1/admin-keys/${revoked.id}`, { headers: { 'if-match': '*' } });
    await waitFor(async () => (await policy.ask('GET', '/admin/v1/whoami', { token: expired.key })).status === 401, {
      timeoutMs: 20_000,
      what: 'the key to expire',
    });
    const unsigned = [{ alg: 'none' }, { sub: 'a', exp: 9e9 }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const credentials: Record<string, string> = {
      none: '',
      garbage: 'garbage',
      expired: expired.key,
      revoked: revoked.key,
      'cut short': callers[0]!.key.slice(0, -1),
      'an unsigned token': `${unsigned.join('.')}.`,
      huge: 'x'.repeat(10_000),
      'a key of a tenant': readFileSync(join(mesh.keysDir('cli'), 'api-key-acme.key'), 'utf8').trim(),
    };
    const let_in: string[] = [];
    for (const operation of operations.filter(({ name }) => ROUTE_TABLE[name] !== 'public')) {
      for (const [what, token] of Object.entries(credentials)) {
        const answer = await call(operation, 'acme', token);
        if (answer.status !== 401 || answer.headers.has('etag'))
          let_in.push(`${operation.name} with ${what}: ${answer.status}`);
      }
    }
    expect(let_in).toEqual([]);
  }, 300_000);

  it('lets each role do what the table says, in its tenants alone, and shows it nothing of others', async () => {
    const wrong: string[] = [];
    let asked = 0;
    for (const caller of callers) {
      for (const operation of operations.filter(({ name }) => ROUTE_TABLE[name] !== 'public')) {
        const nobody = await call(operation, 'nobody', caller.key);
        for (const tenant of ['acme', 'globex']) {
          const answer = await call(operation, tenant, caller.key);
          asked++;
          const want = expected(caller, operation.name, tenant);
          const say = (fault: string): void =>
            void wrong.push(
              `${caller.role} of ${String(caller.tenants)}: ${operation.name} in ${tenant}: ${fault} (${answer.status})`,
            );
          if (want === 'in' && isRefused(answer)) say('was refused');
          if (want === 'refused' && answer.status !== 403) say('was not refused');
          if (want === 'unseen' && JSON.stringify(told(answer)) !== JSON.stringify(told(nobody)))
            say('differs from a tenant that is not there');
          if (caller.tenants !== '*' && JSON.stringify([...answer.headers, answer.body]).includes(MARKER))
            say('leaked');
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(asked).toBe(callers.length * 2 * (operations.length - 1));
  }, 600_000);

  it('lists and shows to an admin of one tenant neither others nor their keys', async () => {
    const { key } = callers.find(({ role, tenants }) => role === 'admin' && tenants !== '*')!;
    const get = (path: string): Promise<Answer> => policy.ask('GET', `/admin/v1${path}`, { token: key });
    expect((await get('/tenants')).body.items).toMatchObject([{ id: 'acme' }]);
    const listed = JSON.stringify((await get('/admin-keys?limit=200')).body);
    expect(listed).toContain(adminKeys['acme']);
    expect(listed).not.toMatch(new RegExp(`${MARKER}|${adminKeys['globex']}|"\\*"`));
    const foreign = await get(`/admin-keys/${adminKeys['globex']}`);
    expect([foreign.status, foreign.headers.get('etag')]).toEqual([404, null]);
    for (const [method, path] of [
      ['PUT', ''],
      ['DELETE', ''],
      ['POST', '/rotate'],
    ] as const) {
      const body = method === 'PUT' ? { name: 'mine', grants: [{ role: 'reader', tenants: ['acme'] }] } : undefined;
      const answer = await policy.ask(method, `/admin/v1/admin-keys/${adminKeys['globex']}${path}`, {
        token: key,
        headers: { 'if-match': '*' },
        ...(body ? { body } : {}),
      });
      expect([method, answer.status]).toEqual([method, 404]);
    }
    for (const grants of [[{ role: 'reader', tenants: '*' }], [{ role: 'reader', tenants: ['acme', 'globex'] }]]) {
      const answer = await policy.ask('POST', '/admin/v1/admin-keys', { token: key, body: { name: 'more', grants } });
      expect([answer.status, answer.body['title']]).toEqual([403, 'ROLE_DENIED']);
    }
  });
});
