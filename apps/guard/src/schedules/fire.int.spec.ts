import { Bus, KeyRing } from '@signalbox/bus';
import { runOfSchedule, type ScheduleFiredV1, type ScheduleFireV1, subjects } from '@signalbox/contracts';
import { sealText } from '@signalbox/privacy';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GuardWorld, TENANT } from '../guard.fixture.js';

const EMAIL = 'ann@example.com';
const DUE = Date.UTC(2026, 0, 5, 8);

let world: GuardWorld;
let policy: Bus;
let publicKey: string;

beforeAll(async () => {
  world = await GuardWorld.start();
  await world.startGuard();
  await world.startGuard();
  const keysDir = world.mesh.keysDir('policy');
  publicKey = KeyRing.load(keysDir).publicKey('vault-x25519').export({ format: 'jwk' }).x ?? '';
  policy = await Bus.connect({ service: 'policy', account: 'CORE', url: world.mesh.url, keysDir });
});
afterAll(async () => {
  await policy.drain(500);
  await world.stop();
});

function order(scheduleId: string, change: Partial<ScheduleFireV1> = {}): ScheduleFireV1 {
  const input = JSON.stringify([{ role: 'user', content: `Report to ${EMAIL}.` }]);
  const sealed = sealText(publicKey, { tenant: TENANT, token: scheduleId }, input);
  return { scheduleId, dueAt: DUE, agent: 'clerk', keyId: 'first', sealed, session: false, ...change };
}
const fire = (body: ScheduleFireV1): Promise<ScheduleFiredV1> =>
  policy.request('scheduleFire', subjects.svc('guard', 'fire', TENANT), body, { timeoutMs: 20_000 });
const entriesOf = async (runId: string) => world.router.journal.read({ tenant: TENANT, runId });

describe('a schedule that is due', () => {
  it('starts one run however many fire it at once, in the name of its key, and cleaned', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => fire(order('daily'))));
    const { runId } = runOfSchedule(TENANT, 'daily', DUE);
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual([...Array<string>(11).fill('again'), 'started']);
    expect(new Set(answers.map((answer) => answer.runId))).toEqual(new Set([runId]));
    const entries = await entriesOf(runId);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      seal: 'verified',
      entry: {
        kind: 'run.accepted.v1',
        body: { principal: { keyId: 'first', userId: 'ann' }, redactions: { EMAIL: 1 } },
      },
    });
    expect(Buffer.from(entries[0]!.bytes).toString()).not.toContain(EMAIL);
    expect(await fire(order('daily', { dueAt: DUE + 60_000 }))).toMatchObject({ outcome: 'started' });
  });

  it('starts nothing for a key that is gone, an agent that is gone, or words sealed for another schedule', async () => {
    const wrong: [ScheduleFireV1, string][] = [
      [order('a', { keyId: 'revoked' }), 'KEY_INVALID'],
      [order('b', { agent: 'nobody' }), 'AGENT_UNKNOWN'],
      [order('c', { sealed: order('d').sealed }), 'SEAL_INVALID'],
      [order('e', { sealed: 'AQ' }), 'SEAL_INVALID'],
      [order('f', { sealed: sealText(publicKey, { tenant: TENANT, token: 'f' }, '[]') }), 'REQUEST_INVALID'],
      [order('g', { dueAt: Date.now() + 3_600_000 }), 'REQUEST_INVALID'],
    ];
    for (const [body, code] of wrong) {
      const answer = await fire(body);
      expect(answer).toMatchObject({ outcome: 'refused', error: { code } });
      expect(await entriesOf(answer.runId)).toEqual([]);
    }
  });

  it('waits while the run before is open, if it is told to', async () => {
    const first = await fire(order('slow'));
    const next = order('slow', { dueAt: DUE + 60_000, unlessOpen: first.runId });
    expect(await fire(next)).toMatchObject({ outcome: 'overlap' });
    expect(await entriesOf((await fire(next)).runId)).toEqual([]);
    await world.gateway.publish('inCancel', subjects.in(TENANT, 'cancel'), {
      ...world.request(''),
      runId: first.runId,
      reason: 'enough',
    });
    // The key's own run, though nobody showed the key when it began.
    const cancelled = async (): Promise<boolean> => (await entriesOf(first.runId)).length > 1;
    await waitFor(cancelled, { what: 'the cancel to be admitted' });
  });

  it('shares a conversation with the runs before it, if it is told to', async () => {
    const sessions = [];
    for (const [id, session] of [
      ['talk', true],
      ['talk', true],
      ['mute', false],
      ['mute', false],
    ] as const) {
      const { runId } = await fire(order(id, { session, dueAt: DUE + sessions.length * 60_000 }));
      const [first] = await entriesOf(runId);
      sessions.push(first?.entry?.kind === 'run.accepted.v1' ? first.entry.body.sessionId : null);
    }
    expect(sessions[1]).toBe(sessions[0]);
    expect(new Set(sessions).size).toBe(3);
  });
});
