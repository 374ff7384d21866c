import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bus, KeyRing } from '@signalbox/bus';
import { makeKeys } from '@signalbox/bus/provision';
import { startPostgresServer } from '@signalbox/local-servers';
import { floorMemory, type KeyInput, type PolicyEvent, PolicyStore, watchBundles } from '@signalbox/policy-engine';
import {
  freePort,
  startMesh,
  startPostgres,
  type TestMesh,
  type TestPostgres,
  testFolder,
  waitFor,
} from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, buildPolicy, type PolicyProcess, startPolicy } from './policy-process.fixture.js';

const TENANT = 'acme';
let postgres: TestPostgres;
let mesh: TestMesh;
let pgUrl: string;
const running: PolicyProcess[] = [];
const buses: Bus[] = [];

beforeAll(async () => {
  buildPolicy();
  postgres = await startPostgres();
}, 120_000);
beforeEach(async () => {
  mesh = await startMesh({ tenants: [TENANT] });
  pgUrl = await postgres.createSchema();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await Promise.all(buses.splice(0).map((bus) => bus.drain(500)));
  await mesh.stop();
});
afterAll(() => postgres.stop());

async function policyService(
  env: Record<string, string> = {},
  url = pgUrl,
  awaitBundle = true,
): Promise<PolicyProcess> {
  const started = await startPolicy({ mesh, pgUrl: url, env, awaitBundle });
  running.push(started);
  return started;
}

async function connect(service: 'router' | 'policy'): Promise<Bus> {
  const bus = await Bus.connect({ service, account: 'CORE', url: mesh.url, keysDir: mesh.keysDir(service) });
  buses.push(bus);
  return bus;
}

/** An enforcement point, and all it was offered. */
async function enforcement(): Promise<{ store: PolicyStore; offers: PolicyEvent[]; version(): number }> {
  const bus = await connect('router');
  const store = new PolicyStore({ publicKey: bus.keys.publicKey('bundle-sign'), floors: floorMemory() });
  const offers: PolicyEvent[] = [];
  store.listen((event) => offers.push(event));
  watchBundles(await bus.bucket('policy'), store);
  const version = (): number => (store.tenants().includes(TENANT) ? store.forTenant(TENANT).bundle.version : 0);
  return { store, offers, version };
}

function addRule(policy: PolicyProcess, id: string): Promise<Answer> {
  const body = { id, effect: 'forbid', agents: '*', tools: ['http_post'], when: [], description: '' };
  return policy.ask('PUT', `/admin/v1/tenants/${TENANT}/rules/${id}`, { body });
}

async function newest(policy: PolicyProcess): Promise<Record<string, unknown>> {
  return (await policy.ask('GET', `/admin/v1/tenants/${TENANT}/bundle`)).body;
}

describe('a bundle', () => {
  it('that was committed is delivered after a restart, though the process was killed before it could', async () => {
    const first = await policyService();
    await mesh.kill();
    const added = await addRule(first, 'late');
    expect([added.status, added.headers.get('sb-bundle'), added.headers.get('sb-bundle-delivered')]).toEqual([
      201,
      '2',
      'false',
    ]);
    await first.kill();
    await mesh.restart();
    const point = await enforcement();
    await waitFor(() => point.version() === 1, { timeoutMs: 30_000, what: 'the bundle of before' });
    const second = await policyService();
    await waitFor(() => point.version() === 2, { timeoutMs: 30_000, what: 'the committed bundle' });
    expect(await newest(second)).toMatchObject({ version: 2, delivered: true, change: 'rules/late created' });
  });

  it('is delivered once the bus is back, without a restart', async () => {
    const policy = await policyService();
    await mesh.kill();
    expect((await addRule(policy, 'late')).headers.get('sb-bundle-delivered')).toBe('false');
    await mesh.restart();
    const point = await enforcement();
    await waitFor(() => point.version() === 2, { timeoutMs: 30_000, what: 'the committed bundle' });
  });

  it('is never forked nor set back by two processes at once', async () => {
    const [one, other] = await Promise.all([policyService(), policyService()]);
    const point = await enforcement();
    await waitFor(() => point.version() === 1, { timeoutMs: 30_000, what: 'the first bundle' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => addRule(n % 2 === 0 ? one : other, `r${n}`)),
    );
    const versions = answers.map((answer) => Number(answer.headers.get('sb-bundle'))).toSorted((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 20 }, (_, n) => n + 2));
    await waitFor(() => point.version() === 21, { timeoutMs: 30_000, what: 'the last bundle' });
    expect(point.offers.filter((offer) => offer.type === 'refused')).toEqual([]);
    expect(await newest(one)).toEqual(await newest(other));
  });

  it('comes back when the bucket loses it or holds junk', async () => {
    await policyService();
    const bucket = await (await connect('policy')).bucket('policy');
    const point = await enforcement();
    await waitFor(() => point.version() === 1, { timeoutMs: 30_000, what: 'the bundle' });
    await bucket.delete(`${TENANT}.bundle`);
    await waitFor(async () => (await bucket.get(`${TENANT}.bundle`)) !== null, {
      timeoutMs: 30_000,
      what: 'the lost bundle',
    });
    const revision = await bucket.put(`${TENANT}.bundle`, 'junk');
    await waitFor(async () => ((await bucket.get(`${TENANT}.bundle`))?.revision ?? 0) > revision, {
      what: 'the junk to be replaced',
    });
    expect(point.version()).toBe(1);
  });

  it('goes on after the newest in the bucket when the database is set back', async () => {
    const before = await policyService();
    for (const id of ['a', 'b', 'c']) await addRule(before, id);
    const { hash } = await newest(before);
    await before.stop();
    const after = await policyService({}, await postgres.createSchema());
    const point = await enforcement();
    await waitFor(() => point.version() === 5, { timeoutMs: 30_000, what: 'a bundle after the one that was seen' });
    const { signed } = (await newest(after)) as { signed: { payload: string } };
    expect(JSON.parse(signed.payload)).toMatchObject({ version: 5, parentHash: hash });
  });

  it('is renewed at half of its life', async () => {
    await policyService({ SIGNALBOX_BUNDLE_LIFE_MS: '2000', SIGNALBOX_UPKEEP_MS: '100' });
    const point = await enforcement();
    await waitFor(() => point.version() >= 3, { timeoutMs: 30_000, what: 'renewed bundles' });
    expect(() => point.store.forTenant(TENANT)).not.toThrow();
  });

  it('is issued anew when the signing key is another', async () => {
    const before = await policyService();
    const { keyId } = await newest(before);
    await before.stop();
    for (const owner of readdirSync(mesh.keysRoot)) {
      for (const file of ['bundle-sign.key', 'bundle-sign.pub'])
        rmSync(join(mesh.keysRoot, owner, file), { force: true });
    }
    makeKeys(mesh.keysRoot, [TENANT]);
    const after = await policyService({}, pgUrl, false);
    const point = await enforcement();
    await waitFor(() => point.version() === 2, { timeoutMs: 30_000, what: 'a bundle of the new key' });
    expect((await newest(after))['keyId']).not.toBe(keyId);
  });

  it('is issued anew with the next signing key, while nobody restarts and nothing is refused', async () => {
    const policy = await policyService({ SIGNALBOX_BUCKET_CHECK_MS: '600000' });
    const { keyId } = await newest(policy);
    const bus = await connect('router');
    const routerKeys = mesh.keysDir('router');
    const publicKey = (): KeyInput[] => {
      const keys = KeyRing.load(routerKeys);
      return ['bundle-sign', 'bundle-sign.next']
        .filter((name) => keys.has(`${name}.pub`))
        .map((name) => keys.publicKey(name));
    };
    const store = new PolicyStore({ publicKey, floors: floorMemory() });
    const offers: PolicyEvent[] = [];
    store.listen((event) => offers.push(event));
    watchBundles(await bus.bucket('policy'), store);
    await waitFor(() => offers.length > 0, { timeoutMs: 30_000, what: 'the bundle of the first key' });

    const next = generateKeyPairSync('ed25519');
    const pem = next.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    writeFileSync(join(routerKeys, 'bundle-sign.next.pub'), pem);
    const key = next.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeFileSync(join(mesh.keysDir('policy'), 'bundle-sign.key'), key);
    await waitFor(async () => (await newest(policy))['keyId'] !== keyId, { timeoutMs: 30_000, what: 'the new key' });
    const version = Number((await newest(policy))['version']);
    await waitFor(() => store.forTenant(TENANT).bundle.version === version, { timeoutMs: 30_000, what: 'its bundle' });
    expect(offers.filter(({ type }) => type === 'refused')).toEqual([]);

    // The overlap ends: the old key is believed no more.
    const old = KeyRing.load(mesh.keysDir('guard')).publicKey('bundle-sign');
    renameSync(join(routerKeys, 'bundle-sign.next.pub'), join(routerKeys, 'bundle-sign.pub'));
    expect(publicKey().some((one) => (one as KeyObject).equals(old))).toBe(false);
    expect((await addRule(policy, 'after')).status).toBe(201);
    await waitFor(() => store.forTenant(TENANT).bundle.version === version + 1, {
      timeoutMs: 30_000,
      what: 'a change after it',
    });
  });
});

describe('without Postgres', () => {
  it('answers 503, leaves what is in force valid, and goes on when it is back', async () => {
    const folder = testFolder('policy-postgres');
    const port = await freePort();
    const first = await startPostgresServer({ port, folder, durable: false });
    const policy = await policyService({}, first.adminUrl);
    const point = await enforcement();
    await waitFor(() => point.version() === 1, { timeoutMs: 30_000, what: 'the bundle' });
    await first.stop();
    for (const answer of [await addRule(policy, 'x'), await policy.ask('GET', `/admin/v1/tenants/${TENANT}/agents`)]) {
      expect([answer.status, answer.body['title'], answer.headers.get('retry-after')]).toEqual([
        503,
        'STORE_UNAVAILABLE',
        '1',
      ]);
    }
    expect(point.store.forTenant(TENANT).resolve('analyst').agent.id).toBe('analyst');
    expect(policy.isRunning()).toBe(true);

    const another = await policyService({}, first.adminUrl, false);
    expect((await addRule(another, 'x')).body['title']).toBe('STORE_UNAVAILABLE');
    const second = await startPostgresServer({ port, folder, durable: false });
    await waitFor(async () => (await addRule(policy, 'y')).status === 201, {
      timeoutMs: 30_000,
      what: 'the first process to go on',
    });
    await waitFor(async () => (await addRule(another, 'z')).status === 201, {
      timeoutMs: 30_000,
      what: 'the second process to start',
    });
    await waitFor(() => point.version() === 3, { timeoutMs: 30_000, what: 'both changes' });
    expect(await Promise.all([policy.stop(), another.stop()])).toEqual([0, 0]);
    await second.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('ends at once when Postgres refuses the user', async () => {
    const url = new URL(pgUrl);
    url.password = 'wrong';
    await expect(policyService({}, url.href)).rejects.toThrow(/ended.*CONFIG_INVALID/s);
  });
});
