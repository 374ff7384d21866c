import { Bus } from '@signalbox/bus';
import { floorMemory, PolicyStore, watchBundles } from '@signalbox/policy-engine';
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

const ask = (method: 'GET' | 'PUT', options?: AskOptions, tenant = 'acme'): Promise<Answer> =>
  policy.ask(method, `/admin/v1/tenants/${tenant}/limits`, options);
const put = (body: unknown, revision?: number | string): Promise<Answer> =>
  ask('PUT', { body, headers: revision === undefined ? {} : { 'if-match': `"${revision}"` } });
/** What an enforcement point decides by, once it has this version. */
const inForce = (version: number) =>
  waitFor(
    () =>
      store.tenants().includes('acme') && store.forTenant('acme').bundle.version >= version && store.forTenant('acme'),
    { what: `version ${version}` },
  );

describe('limits of a tenant as a whole', () => {
  it('are none at first, are set, replaced by who knows their revision, and taken back; each a bundle', async () => {
    expect(await ask('GET')).toMatchObject({ status: 200, body: { revision: 0, updatedAt: null, definition: {} } });
    const wanted = { concurrentRunsMax: 7, openRunsMax: 50, weight: 3 };
    const made = await put(wanted);
    expect(made).toMatchObject({ status: 200, body: { definition: wanted } });
    const revision = Number(made.headers.get('sb-bundle'));
    expect(made.headers.get('etag')).toBe(`"${revision}"`);
    expect(made.headers.get('sb-bundle-delivered')).toBe('true');
    expect(made.body['revision']).toBe(revision);
    expect((await inForce(revision)).limits).toEqual(wanted);
    expect((await ask('GET')).body).toMatchObject({ revision, definition: wanted });

    // The same again is no change, and no bundle.
    expect((await put(wanted)).headers.get('sb-bundle')).toBeNull();
    expect((await put({ weight: 1 })).status).toBe(428);
    expect((await put({ weight: 1 }, revision - 1)).status).toBe(412);
    const changed = await put({ weight: 1 }, revision);
    expect(changed).toMatchObject({ status: 200, body: { definition: { weight: 1 } } });
    const later = Number(changed.headers.get('sb-bundle'));
    expect((await inForce(later)).limits).toEqual({ weight: 1 });

    const gone = await put({}, later);
    expect((await inForce(Number(gone.headers.get('sb-bundle')))).limits).toEqual({});
  });

  it('stay when anything else changes, and say on record what changed them', async () => {
    await put({ concurrentRunsMax: 9 }, (await ask('GET')).body['revision'] as number);
    const bundle = await policy.ask('GET', '/admin/v1/tenants/acme/bundle');
    expect(bundle.body['change']).toBe('limits changed');
    const renewed = await policy.ask('POST', '/admin/v1/tenants/acme/publish');
    expect((await inForce(renewed.body['version'] as number)).limits).toEqual({ concurrentRunsMax: 9 });
  });

  it.each([
    ['no object', 7],
    ['an unknown limit', { runsMax: 7 }],
    ['none at all', { concurrentRunsMax: 0 }],
    ['too many', { openRunsMax: 10_000_001 }],
    ['half a turn', { weight: 0.5 }],
  ])('are refused with %s', async (_, body) => {
    expect(await ask('PUT', { body, headers: { 'if-match': '*' } })).toMatchObject({
      status: 400,
      body: { title: 'REQUEST_INVALID' },
    });
  });

  it('are those of a tenant that is there, for whoever has the admin token', async () => {
    expect((await ask('GET', {}, 'nobody')).status).toBe(404);
    expect((await ask('PUT', { body: { weight: 2 } }, 'nobody')).status).toBe(404);
    expect((await ask('GET', { token: '' })).status).toBe(401);
    expect((await ask('PUT', { token: 'wrong', body: { weight: 2 } })).status).toBe(401);
    expect((await ask('GET', {}, 'globex')).body).toMatchObject({ revision: 0, definition: {} });
  });
});
