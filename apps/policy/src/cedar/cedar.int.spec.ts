import { TRUSTED_CALL } from '@signalbox/contracts';
import { Bus } from '@signalbox/bus';
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
const put = (id: string, text: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask('PUT', `/policies/${id}`, { body: { id, text, description: 'for a spec' }, headers });
/** Status and, where it is refused, why. */
async function told(asked: Promise<Answer>): Promise<string> {
  const { status, body } = await asked;
  return status < 300 ? String(status) : [status, ...(body.fields ?? []), body['detail']].join(' ');
}
const inForce = (version: number): Promise<CompiledPolicy> =>
  waitFor(
    () =>
      store.tenants().includes('acme') && store.forTenant('acme').bundle.version >= version && store.forTenant('acme'),
    { timeoutMs: 30_000, what: `version ${version}` },
  );
function decide(found: CompiledPolicy, tool: string, args: object): string {
  const {
    outcome,
    kind,
    rules,
    policies = [],
  } = found.authorize({ agent: 'analyst', tool, arguments: args, userId: 'first', labels: TRUSTED_CALL });
  return [outcome, kind, ...rules, ...policies].join(' ');
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

const READ = `@reason("Example pages are open.")
permit(principal == Agent::"analyst", action == Action::"call", resource == Tool::"http_get")
when { context.arguments.url like "https://*.example.com/*" };`;

describe('a Cedar policy', () => {
  it('is in force at enforcement points once it is put, and no more once it is removed', async () => {
    const made = await put('read', READ);
    expect(made.status).toBe(201);
    expect(made.headers.get('sb-bundle-delivered')).toBe('true');
    expect(made.body['definition']).toEqual({ id: 'read', text: READ, description: 'for a spec' });
    const version = Number(made.headers.get('sb-bundle'));
    const found = await inForce(version);
    expect(decide(found, 'http_get', { url: 'https://a.example.com/x' })).toBe('permit permit read');
    expect(decide(found, 'http_get', { url: 'https://example.org/' })).toBe('deny default');
    expect(decide(found, 'http_get', { url: 7 })).toBe('deny error read');
    // A rule permits it; the forbid wins.
    const forbid = await put(
      'no-code',
      'forbid(principal, action, resource == Tool::"python") when { context.arguments.code like "*import os*" };',
    );
    const both = await inForce(Number(forbid.headers.get('sb-bundle')));
    expect(decide(both, 'python', { code: 'print(1)' })).toBe('permit permit analyst-code');
    expect(decide(both, 'python', { code: 'import os' })).toBe('deny forbid no-code');
    for (const id of ['read', 'no-code'])
      expect(await told(ask('DELETE', `/policies/${id}`, { headers: { 'if-match': '*' } }))).toBe('204');
    const after = await inForce(both.bundle.version + 2);
    expect(decide(after, 'http_get', { url: 'https://a.example.com/x' })).toBe('deny default');
    expect(decide(after, 'python', { code: 'import os' })).toBe('permit permit analyst-code');
  });

  it('is read, listed and replaced like any definition', async () => {
    const first = await put('again', READ);
    expect(await put('again', READ)).toMatchObject({ status: 200 });
    expect(await told(put('again', READ.replace('example.com', 'example.net')))).toMatch(/^428 .*exists/);
    const headers = { 'if-match': first.headers.get('etag')! };
    expect(await told(put('again', READ.replace('example.com', 'example.net'), headers))).toBe('200');
    const { body } = await ask('GET', '/policies/again');
    expect(body['definition']).toMatchObject({ text: expect.stringContaining('example.net') as string });
    expect(JSON.stringify(body)).not.toContain('conditions');
    const list = await ask('GET', '/policies');
    expect((list.body.items as { id: string }[]).map(({ id }) => id)).toEqual(['again']);
    expect(await told(ask('DELETE', '/policies/again', { headers: { 'if-match': '*' } }))).toBe('204');
    expect((await ask('GET', '/policies/again')).status).toBe(404);
  });
});

describe('what is no sound policy', () => {
  it('is refused with its name and the place', async () => {
    const scope = 'principal == Agent::"analyst", action == Action::"call", resource == Tool::"http_get"';
    const refused: [text: string, why: RegExp][] = [
      ['permit(principal, action, resource) when { x };', /^400 text policies\/bad, text: 1:44: .*invalid variable: x/],
      ['permit(principal, action, resource); permit(principal, action, resource);', /exactly one policy; there are 2 policies/],
      ['permit(principal == ?principal, action, resource);', /there are 0 policies and 1 templates/],
      ['@id("other") permit(principal, action, resource);', /@id\("other"\) must be bad/],
      [`permit(${scope}) when {\n  context.arguments.ulr like "*"\n};`, /for calls of the tool http_get\): 2:3: attribute `arguments.ulr` .*not found; did you mean `url`\?/],
      [`permit(${scope}) when { context.arguments.url > 3 };`, /expected Long but saw String/],
      [`permit(${scope}) when { context.arguments.url == 3 };`, /must have compatible types/],
      ['permit(principal, action, resource) when { context.arguments.url like "*" };', /for calls of the tool (javascript|python)\)/],
      ['permit(principal, action == Action::"cal", resource);', /unrecognized action/],
      ['permit(principal == Agent::"nobody", action, resource);', /^400 text text: there is no agent nobody/],
      ['permit(principal, action, resource == Tool::"nothing");', /there is no tool nothing/],
      ['permit(principal, action, resource) when { [Tool::"nothing"].contains(resource) };', /there is no tool nothing/],
      ['permit(principal, action, resource) when { false };', /could never apply/],
      ['permit(principal == User::"ann", action, resource);', /could never apply/],
      [`permit(${scope}) when { 1 < 9223372036854775807 };`, /cannot be enforced: the number .* is not a whole number below 2\^53/],
      [`permit(${scope}) when { ${Array.from({ length: 400 }, () => 'context.arguments.url == "a"').join(' || ')} };`, /nested too deeply/],
      ['@aprove permit(principal, action, resource);', /there is no annotation @aprove; there are @id, @reason, @approve, @within/],
      ['@approve forbid(principal, action, resource);', /cannot be enforced: @approve belongs to a permit/],
      ['@approve @within("soon") permit(principal, action, resource);', /cannot be enforced: @approve takes user ids and role:<role> by comma, @within a time/],
      ['', /^400 text /],
    ]; // prettier-ignore
    for (const [text, why] of refused) {
      expect([text, await told(put('bad', text))]).toEqual([text, expect.stringMatching(why)]);
      const asked = ask('POST', '/policies/bad/validate', { body: { id: 'bad', text, description: '' } });
      expect([text, await told(asked)]).toEqual([text, expect.stringMatching(why)]);
    }
    expect((await ask('GET', '/policies/bad')).status).toBe(404);
    const body = { id: 'good', text: READ, description: '' };
    expect(await told(ask('POST', '/policies/good/validate', { body }))).toBe('200');
    expect((await ask('GET', '/policies/good')).status).toBe(404);
    expect(await told(ask('PUT', '/policies/bad', { body: { ...body, id: 'bad', json: {} } }))).toMatch(/json/);
  });

  it('cannot come of a change to the tool, nor of removing what a policy names', async () => {
    await put('read', READ);
    const { body, headers } = await ask('GET', '/tools/http_get');
    const tool = body['definition'] as { parameters: { properties: Record<string, unknown> } };
    const { url: _gone, ...properties } = tool.parameters.properties;
    const parameters = {
      ...tool.parameters,
      properties: { ...properties, address: { type: 'string' } },
      required: ['address'],
    };
    const changed = ask('PUT', '/tools/http_get', {
      body: { ...tool, parameters },
      headers: { 'if-match': headers.get('etag')! },
    });
    expect(await told(changed)).toMatch(
      /^400 text policies\/read, text \(for calls of the tool http_get\): 3:8: attribute `arguments.url`/,
    );
    for (const path of ['/tools/http_get', '/agents/analyst'])
      expect(await told(ask('DELETE', path, { headers: { 'if-match': '*' } }))).toMatch(/^409 .*policies\/read/);
    const schema = await ask('GET', '/tools/http_get/cedar-schema');
    expect(schema.body['schema']).toMatch(/action "call" appliesTo[^]*arguments: {\s+url: __cedar::String/);
  });
});
