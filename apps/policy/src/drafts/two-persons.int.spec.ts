import { inCall } from '@signalbox/access';
import { Bus } from '@signalbox/bus';
import type { AdminPrincipal, AdminRole } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { createLogger } from '@signalbox/telemetry';
import { startMesh, startPostgres, type TestMesh, type TestPostgres, testFolder } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BusBundleBucket } from '../bundles/adapters/bus-bundle-bucket.js';
import { BundleDelivery } from '../bundles/bundle-delivery.service.js';
import { BundleIssuer } from '../bundles/bundle-issuer.service.js';
import { WasmCedarAdapter } from '../cedar/adapters/wasm-cedar.adapter.js';
import { CedarPoliciesService } from '../cedar/cedar-policies.service.js';
import type { PolicyConfig } from '../config.js';
import { SeedService } from '../seed/seed.service.js';
import { PostgresPolicyRepository } from '../storage/adapters/postgres-policy.repository.js';
import { makeDatabase } from '../storage/make-database.js';
import { BusChangeNotes } from './adapters/bus-change-notes.adapter.js';
import type { ChangeInput } from './change-input.js';
import { ChangeSets } from './change-sets.service.js';
import { DraftsService } from './drafts.service.js';

const TENANT = 'acme';
const person = (id: string, role: AdminRole): AdminPrincipal => ({
  id,
  kind: 'user',
  name: id,
  grants: [{ role, tenants: [TENANT] }],
});
const [ann, bob, cid] = [person('ann', 'author'), person('bob', 'approver'), person('cid', 'admin')];

let mesh: TestMesh;
let postgres: TestPostgres;
let bus: Bus;
let repository: PostgresPolicyRepository;
let drafts: DraftsService;

beforeAll(async () => {
  [mesh, postgres] = await Promise.all([startMesh({ tenants: [TENANT] }), startPostgres()]);
  const logger = createLogger({ service: 'policy', level: 'fatal' });
  const keysDir = mesh.keysDir('policy');
  const pgUrl = await postgres.createSchema();
  const pgSchema = new URL(pgUrl).username;
  const config = {
    ...{ pgUrl, pgSchema, keysDir, pgStartTimeoutMs: 30_000, bundleLifeMs: 86_400_000, deliveryWaitMs: 20_000 },
    stateDir: testFolder('two-persons'),
  } as PolicyConfig;
  bus = await Bus.connect({ service: 'policy', account: 'CORE', url: mesh.url, keysDir });
  repository = new PostgresPolicyRepository(config, makeDatabase(config, logger));
  repository.onModuleInit();
  await repository.ready();
  const issuer = new BundleIssuer(config);
  await new SeedService(repository, issuer, bus.keys, logger).seed(TENANT);
  const cedar = new CedarPoliciesService(new WasmCedarAdapter());
  const delivery = new BundleDelivery(repository, new BusBundleBucket(bus), issuer, config, logger);
  const changeSets = new ChangeSets(issuer, cedar);
  drafts = new DraftsService(repository, changeSets, cedar, delivery, new BusChangeNotes(bus, logger));
  await repository.change(TENANT, (transaction) => transaction.putReview({ twoPersons: true }, 1));
}, 120_000);
afterAll(async () => {
  await repository?.onApplicationShutdown();
  await bus?.drain(500);
  await Promise.all([mesh?.stop(), postgres?.stop()]);
});

const forbid = (id: string, tool: string): ChangeInput => ({
  kind: 'rules',
  id,
  op: 'put',
  definition: { id, effect: 'forbid', agents: '*', tools: [tool], when: [], description: '' },
});
const as = <T>(principal: AdminPrincipal, work: () => Promise<T>): Promise<T> =>
  inCall({ principal, requestId: 'areq_spec' }, work);
const write = (who: AdminPrincipal, id: string, ...changes: ChangeInput[]) =>
  as(who, () => drafts.create(TENANT, { id, title: id }, changes, who.id));
const edit = (who: AdminPrincipal, id: string, ...changes: ChangeInput[]) =>
  as(who, () => drafts.edit(TENANT, id, changes, who.id));
const publish = (who: AdminPrincipal, id: string) => as(who, () => drafts.publish(TENANT, id, who));
async function approve(who: AdminPrincipal, id: string, revision?: number): Promise<unknown> {
  const seen = revision ?? (await drafts.get(TENANT, id)).revision;
  return as(who, () => drafts.approve(TENANT, id, who.id, { ifMatch: seen }));
}
const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => MeshError.from(error).code,
  );

describe('where a change takes two persons', () => {
  it('is published once somebody else approved it, and the history names both', async () => {
    await write(ann, 'first', forbid('no-post', 'http_post'));
    expect(await refusal(publish(ann, 'first'))).toBe('REVIEW_REQUIRED');
    expect(await refusal(approve(ann, 'first'))).toBe('APPROVER_DENIED');
    await approve(bob, 'first');
    const { version } = await publish(ann, 'first');
    const [newest] = await repository.bundles(TENANT, version! + 1, 1);
    expect(newest).toMatchObject({ version, author: 'ann', change: 'draft first: first' });
  });

  it('takes a new approval after every edit, of what was seen', async () => {
    const { revision } = await write(ann, 'edited', forbid('no-get', 'http_get'));
    await approve(bob, 'edited', revision);
    await edit(ann, 'edited', forbid('no-python', 'python'));
    expect(await refusal(publish(ann, 'edited'))).toBe('REVIEW_REQUIRED');
    expect(await refusal(approve(bob, 'edited', revision))).toBe('PRECONDITION_FAILED');
    await approve(bob, 'edited');
    expect(await refusal(publish(ann, 'edited'))).toBe('done');
  });

  it('does not count who wrote any of it, by one edit or by bringing it up to date', async () => {
    await write(ann, 'joint', forbid('no-js', 'javascript'));
    await approve(cid, 'joint');
    await edit(cid, 'joint', forbid('no-js-2', 'javascript'));
    expect(await refusal(approve(cid, 'joint'))).toBe('APPROVER_DENIED');
    expect(await refusal(publish(cid, 'joint'))).toBe('REVIEW_REQUIRED');
    await as(bob, () => drafts.rebase(TENANT, 'joint', bob.id));
    expect(await refusal(approve(bob, 'joint'))).toBe('APPROVER_DENIED');
  });

  it('needs an admin for what takes one to change alone', async () => {
    await write(ann, 'limits', { kind: 'limits', id: 'tenant', op: 'put', definition: { weight: 2 } });
    await approve(bob, 'limits');
    expect(await refusal(publish(ann, 'limits'))).toBe('ROLE_DENIED');
    expect(await refusal(publish(cid, 'limits'))).toBe('done');
  });

  it('is taken back by two, and then one may publish', async () => {
    await write(cid, 'off', { kind: 'review', id: 'tenant', op: 'put', definition: { twoPersons: false } });
    expect(await refusal(publish(cid, 'off'))).toBe('REVIEW_REQUIRED');
    await approve(bob, 'off');
    expect(await refusal(publish(cid, 'off'))).toBe('done');
    await write(ann, 'alone', forbid('alone', 'http_post'));
    expect(await refusal(publish(ann, 'alone'))).toBe('done');
  });
});
