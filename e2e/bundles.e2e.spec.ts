import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Bus, KeyRing } from '@signalbox/bus';
import type { PolicyBundleV1 } from '@signalbox/contracts';
import { signBundle } from '@signalbox/policy-engine';
import { waitFor } from '@signalbox/testing';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { E2eMesh, TENANT } from './support/mesh.ts';

/** Every process that decides by bundles. */
const POINTS = ['guard', 'router', 'inference', 'tool-runner', 'memory'];
const TIMEOUT_MS = 60_000;

interface PointState {
  tenant: string;
  version: number | null;
  refused: number;
  lastRefusal: { reason: string } | null;
}

let mesh: E2eMesh;
let bus: Bus;

beforeAll(async () => {
  // The bucket is compared with the database seldom, so that what is planted there stays until it is looked at.
  mesh = await E2eMesh.start('bundles', { env: { policy: { SIGNALBOX_BUCKET_CHECK_MS: '3600000' } } });
  const keysDir = join(mesh.stack.keysDir, 'policy');
  bus = await Bus.connect({ service: 'policy', account: 'CORE', url: mesh.url('nats'), keysDir });
});
afterAll(async () => {
  await bus?.drain(1_000);
  await mesh?.stop();
});

async function stateOf(point: string): Promise<PointState | undefined> {
  const response = await fetch(mesh.stack.health[point]!);
  const { policy = [] } = (await response.json()) as { policy?: PointState[] };
  return policy.find(({ tenant }) => tenant === TENANT);
}
const everywhere = (what: string, holds: (state: PointState | undefined) => boolean): Promise<unknown> =>
  waitFor(async () => (await Promise.all(POINTS.map(stateOf))).every(holds), { timeoutMs: TIMEOUT_MS, what });

async function admin(method: string, path: string, body?: object): Promise<Response> {
  const response = await fetch(`${mesh.url('policy')}/admin/v1/tenants/${TENANT}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${mesh.secret('admin.token')}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response;
}
const newest = async (): Promise<{ version: number; content: PolicyBundleV1 }> => {
  const { version, signed } = (await (await admin('GET', '/bundle')).json()) as {
    version: number;
    signed: { payload: string };
  };
  return { version, content: JSON.parse(signed.payload) as PolicyBundleV1 };
};

/** Puts a bundle straight into the bucket, as somebody who holds the policy service's user of the bus. */
async function plant(bundle: PolicyBundleV1, key: KeyObject): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(signBundle(bundle, key, 'planted')));
  await (await bus.bucket('policy')).put(`${TENANT}.bundle`, bytes);
}

describe('a change of policy', () => {
  it('is in force in every enforcement point, and in the order of its versions', async () => {
    const seen: number[] = [];
    for (let n = 0; n < 3; n++) {
      const rule = { id: `r${n}`, effect: 'forbid', agents: '*', tools: ['http_post'], when: [], description: '' };
      const response = await admin('PUT', `/rules/r${n}`, rule);
      const version = Number(response.headers.get('sb-bundle'));
      const answeredAt = performance.now();
      await everywhere(`version ${version}`, (state) => (state?.version ?? 0) >= version);
      seen.push(version);
      process.stdout.write(
        `version ${version} in force in ${POINTS.length} processes ${Math.round(performance.now() - answeredAt)} ms after the answer\n`,
      );
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect((await Promise.all(POINTS.map(stateOf))).map((state) => state?.version)).toEqual(
      POINTS.map(() => seen.at(-1)),
    );
  });
});

describe('a bundle in the bucket that nobody should follow', () => {
  const own = (): KeyObject => KeyRing.load(join(mesh.stack.keysDir, 'policy')).privateKey('bundle-sign');
  const strangers = generateKeyPairSync('ed25519').privateKey;
  const far = Date.now() + 86_400_000;

  it.each<[string, (content: PolicyBundleV1) => PolicyBundleV1, 'own' | 'strange', string]>([
    ['forged', (content) => ({ ...content, version: content.version + 10 }), 'strange', 'signature'],
    [
      'expired',
      (content) => ({ ...content, version: content.version + 10, issuedAt: 1, expiresAt: 2 }),
      'own',
      'expired',
    ],
    ['older', (content) => ({ ...content, version: content.version - 1 }), 'own', 'rollback'],
    [
      'of another tenant',
      (content) => ({ ...content, version: content.version + 10, tenant: 'other' }),
      'own',
      'tenant',
    ],
    ['of the same version and another content', (content) => ({ ...content, expiresAt: far }), 'own', 'fork'],
  ])('%s, is refused by each and reported', async (_what, change, key, reason) => {
    const { version, content } = await newest();
    await plant(change(content), key === 'own' ? own() : strangers);
    await everywhere(`a refusal for ${reason}`, (state) => state?.lastRefusal?.reason === reason);
    expect((await Promise.all(POINTS.map(stateOf))).map((state) => state?.version)).toEqual(POINTS.map(() => version));
    const url = `${mesh.url('audit')}/audit/v1/tenants/${TENANT}/notes?kind=bundle-refused&limit=500`;
    const headers = { authorization: `Bearer ${mesh.secret('admin.token')}` };
    const tellers = async (): Promise<string[]> => {
      const { data } = (await (await fetch(url, { headers })).json()) as {
        data: { service: string; facts: { reason: string } }[];
      };
      return data.filter(({ facts }) => facts.reason === reason).map(({ service }) => service);
    };
    await waitFor(async () => tellers().then((told) => POINTS.every((point) => told.includes(point))), {
      timeoutMs: TIMEOUT_MS,
      what: `notes of ${reason} by all`,
    });
  });

  it('is refused after a restart too, when it is older than what was seen before', async () => {
    const { version, content } = await newest();
    await plant({ ...content, version: version - 1, expiresAt: far }, own());
    await mesh.stack.kill('router', 'SIGKILL');
    await mesh.stack.whenUp('router');
    const refused = async (): Promise<boolean> => (await stateOf('router'))?.lastRefusal?.reason === 'rollback';
    await waitFor(refused, { timeoutMs: TIMEOUT_MS, what: 'the refusal' });
    expect(await stateOf('router')).toMatchObject({ version: null });
    await admin('POST', '/publish');
    await everywhere('the next version', (state) => state?.version === version + 1);
  });
});
