import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bus } from '@signalbox/bus';
import { subjects, type VaultStateV1 } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DIGEST, GuardWorld, TENANT } from '../guard.fixture.js';

const START_MS = 60_000;
const MAIL = 'ann.at.home@example.org';

let world: GuardWorld;
let policy: Bus;

beforeAll(async () => {
  world = await GuardWorld.start();
  const keysDir = world.mesh.keysDir('policy');
  policy = await Bus.connect({ service: 'policy', account: 'CORE', url: world.mesh.url, keysDir });
}, START_MS);
afterAll(async () => {
  await policy?.drain(500);
  await world?.stop();
});

const ask = (more: object): Promise<VaultStateV1> =>
  policy.request('vaultAsk', subjects.svc('guard', 'vault', TENANT), { tenant: TENANT, ...more } as never, {
    timeoutMs: 10_000,
  });

/** The reason of a cancel, as whoever started the run reads it. */
async function said(): Promise<string> {
  const request = world.request('Hello.');
  const run = await world.send(request);
  await waitFor(async () => (await world.journal(run)).length > 0, { what: 'the run to be admitted' });
  const cancel = { keyDigest: DIGEST, requestId: world.request('').requestId, runId: run.runId, reason: `by ${MAIL}` };
  await world.gateway.publish('inCancel', subjects.in(TENANT, 'cancel'), cancel, { id: cancel.requestId });
  await waitFor(async () => (await world.journal(run)).includes('run.cancel-requested.v1'), { what: 'the cancel' });
  // What it holds is kept after its entry.
  await world.settled();
  return run.runId;
}

it(
  'a guard without the key that its vault was written with does not start, and says why; with it it does',
  async () => {
    const guard = await world.startGuard();
    await said();
    expect(await ask({ ask: 'state' })).toMatchObject({ subjects: 1, values: 1 });
    await guard.close();
    const file = join(world.mesh.keysDir('guard'), 'vault.key');
    const key = readFileSync(file, 'utf8');
    writeFileSync(file, randomBytes(32).toString('base64url'));
    await expect(world.startGuard()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('Put the key that it was written with back as vault.key'),
    });
    writeFileSync(file, key);
    await world.startGuard();
    expect(await ask({ ask: 'state' })).toMatchObject({ subjects: 1, values: 1 });
  },
  START_MS,
);

it(
  'a user is erased by their id: for good, on record, and the journals stay as they are',
  async () => {
    const runId = await said();
    const before = await world.journal({ tenant: TENANT, runId });
    const erased = await ask({ ask: 'erase', subject: 'ann', by: 'tester' });
    expect(erased).toMatchObject({ subjects: 0, erased: 1, destroyed: { keys: 1, values: 1 } });
    expect(await world.journal({ tenant: TENANT, runId })).toEqual(before);
    const rows = await world.sql('select wrapped, tenant_key from vault_subject_keys where subject = $1', ['ann']);
    expect(rows).toEqual([{ wrapped: null, tenant_key: null }]);
    await expect(ask({ ask: 'erase', subject: 'not a token', by: 'x' })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
    await said();
    expect(await ask({ ask: 'rotate', begin: true, by: 'tester' })).toMatchObject({
      subjects: 1,
      left: 0,
      olderKeys: 0,
    });
  },
  START_MS,
);
