import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bus } from '@signalbox/bus';
import { subjects } from '@signalbox/contracts';
import { bundleKey, signBundle } from '@signalbox/policy-engine';
import { freePort, startMesh, type TestMesh } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleFor, workFor } from './calls/work.fixture.js';
import { runApp, type RunningSimulator, runSimulator } from './running-apps.fixture.js';

const stateDir = mkdtempSync(join(tmpdir(), 'signalbox-inference-'));
let mesh: TestMesh;
let simulator: RunningSimulator;
const buses: Bus[] = [];

async function connect(service: 'router' | 'policy'): Promise<Bus> {
  const bus = await Bus.connect({ service, account: 'CORE', url: mesh.url, keysDir: mesh.keysDir(service) });
  buses.push(bus);
  return bus;
}

beforeAll(async () => {
  [mesh, simulator] = await Promise.all([startMesh(), runSimulator()]);
});

afterAll(async () => {
  await Promise.all(buses.map((bus) => bus.drain(1_000)));
  await Promise.all([simulator.stop(), mesh.stop()]);
  rmSync(stateDir, { recursive: true });
});

it('runs as a built process: ready, makes a call, hears a cancel, stops in order', async () => {
  const [router, policy] = await Promise.all([connect('router'), connect('policy')]);
  const signed = signBundle(bundleFor('acme'), policy.keys.privateKey('bundle-sign'), 'test');
  await (await policy.bucket('policy')).put(bundleKey('acme'), JSON.stringify(signed));
  const healthPort = await freePort();
  const env = {
    SIGNALBOX_NATS_URL: mesh.url,
    SIGNALBOX_KEYS_DIR: mesh.keysDir('inference'),
    SIGNALBOX_STATE_DIR: stateDir,
    SIGNALBOX_HEALTH_PORT: String(healthPort),
    SIGNALBOX_PROVIDER_URL: simulator.url,
  };
  const app = await runApp('inference', env, 'healthPort');
  expect((await fetch(`http://127.0.0.1:${healthPort}/health/ready`)).status).toBe(200);
  const kindOf = async (work: ReturnType<typeof workFor>) => (await router.journal.read(work))[0]?.entry?.kind;

  const work = workFor([{ text: 'Good day.' }]);
  await router.publish('workInfer', subjects.workInfer('default', 'acme'), work);
  await expect.poll(() => kindOf(work), { timeout: 20_000 }).toBe('model.completed.v1');

  const hanging = workFor([{ hang: true }]);
  await router.publish('workInfer', subjects.workInfer('default', 'acme'), hanging);
  await expect.poll(async () => (await simulator.stats()).running).toBe(1);
  await router.publish('ctl', subjects.ctl('acme', hanging.runId), { reason: 'enough' });
  await expect.poll(() => kindOf(hanging)).toBe('model.failed.v1');

  expect(await app.stop()).toBe(0);
});
