import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent } from './support/definitions.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { simScript } from './support/sim.ts';

const EMAIL = 'anna.berg@example.com';
const DUE_TIMEOUT_MS = 90_000;
/** The shortest interval that there is. */
const EVERY_MS = 60_000;

interface Shown {
  last: { outcome: string; runId: string; error: { code: string } | null } | null;
  started: number;
}

let mesh: E2eMesh;

beforeAll(async () => {
  mesh = await E2eMesh.start('schedules');
  await mesh.define({ agents: [agent('reporter')] });
});
afterAll(() => mesh?.stop());

async function ask(method: string, path: string, body?: object): Promise<Shown> {
  const response = await fetch(`${mesh.url('policy')}/admin/v1/tenants/${TENANT}/schedules${path}`, {
    method,
    headers: { authorization: `Bearer ${mesh.secret('admin.token')}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  expect([response.status, response.ok]).toEqual([response.status, true]);
  return (await response.json()) as Shown;
}

/** Due in a moment, and then every day or so often. */
const soon = (id: string, keyId: string, everyMs = 86_400_000): object => ({
  id,
  agent: 'reporter',
  keyId,
  times: { kind: 'interval', everyMs, startAt: Date.now() + 1_000 },
  input: [{ role: 'user', content: simScript([{ text: `Reported to ${EMAIL}.` }]) }],
});
const outcomeOf = async (id: string): Promise<NonNullable<Shown['last']>> => {
  const fired = async () => (await ask('GET', `/${id}`)).last ?? false;
  return waitFor(fired, { timeoutMs: DUE_TIMEOUT_MS, what: `${id} to be fired` }) as Promise<
    NonNullable<Shown['last']>
  >;
};

describe('a schedule', () => {
  it('starts its run when it is due, in its user’s name, cleaned, through a restart of the policy service', async () => {
    const { id, key } = await mesh.admin.createKey(TENANT, 'night-shift');
    const client = await mesh.client({ key });
    await waitFor(() => client.agents(), { what: 'the key to be in force' });
    await ask('PUT', '/nightly', soon('nightly', id));
    await mesh.stack.kill('policy', 'SIGKILL');
    await waitFor(() => ask('GET', '').then(Boolean, () => false), {
      timeoutMs: DUE_TIMEOUT_MS,
      what: 'the policy service to be back',
    });
    const { outcome, runId } = await outcomeOf('nightly');
    expect(['started', 'again']).toContain(outcome);
    const view = await client.open(runId).result();
    expect(view).toMatchObject({ status: 'completed', output: `Reported to ${EMAIL}.`, agent: 'reporter' });
    await client.close();
    const { entries } = await mesh.admin.archived(TENANT, runId);
    expect(entries.filter(({ kind }) => kind === 'run.accepted.v1')).toHaveLength(1);
    expect(JSON.stringify(entries)).not.toContain(EMAIL);
    expect(await mesh.admin.verify(TENANT, runId)).toMatchObject({ ok: true });
  });

  it('starts nothing for a key that was taken back', async () => {
    const { id, key } = await mesh.admin.createKey(TENANT, 'gone-soon');
    const client = await mesh.client({ key });
    await waitFor(() => client.agents(), { what: 'the key to be in force' });
    await ask('PUT', '/orphaned', { ...soon('orphaned', id, EVERY_MS), enabled: false });
    await mesh.admin.removeKey(TENANT, id);
    const gone = (): Promise<boolean> =>
      client.agents().then(
        () => false,
        () => true,
      );
    await waitFor(gone, { what: 'the key to be gone' });
    await client.close();
    await ask('POST', '/orphaned/enable');
    expect(await outcomeOf('orphaned')).toMatchObject({ outcome: 'refused', error: { code: 'KEY_INVALID' } });
    expect((await ask('GET', '/orphaned')).started).toBe(0);
  });
});
