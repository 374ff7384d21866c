import type { RunHandle, SignalboxClient } from '@signalbox/client';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool, permit } from './support/definitions.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { callThenQuote } from './support/sim.ts';

const WAIT_MS = 60_000;
const DAY_MS = 86_400_000;
const PERSON = 'anna.berg@example.com';

let mesh: E2eMesh;
let starter: SignalboxClient;
const people: Record<string, SignalboxClient> = {};
const keys: Record<string, string> = {};
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const router = { SIGNALBOX_PARK_AFTER_MS: '0', SIGNALBOX_CHECKPOINT_MS: '100' };
  mesh = await E2eMesh.start('approvals', { env: { router } });
  stops.unshift(() => mesh.stop());
  const roles: Record<string, string[]> = { ann: ['accounting'], bob: ['accounting'], dan: [], eve: ['sales'] };
  for (const [user, own] of Object.entries(roles))
    keys[user] = (await mesh.admin.createKey(TENANT, user, '*', { roles: own })).key;
  await mesh.define({
    tools: [codeTool('pay', 'javascript'), codeTool('sign', 'javascript')],
    agents: [agent('payer', { tools: ['pay', 'sign'] })],
    rules: [
      {
        ...permit('two-accountants', ['payer'], ['pay']),
        effect: 'approve',
        approval: { roles: ['accounting'], quorum: 2, withinMs: 600_000 },
      },
      {
        ...permit('one-accountant', ['payer'], ['sign']),
        effect: 'approve',
        approval: { approvers: ['bob'], withinMs: 600_000 },
      },
      {
        ...permit('no-such-text', ['payer'], ['sign']),
        effect: 'forbid',
        when: [{ pointer: '/code', op: 'startsWith', value: 'forbidden' }],
      },
    ],
  });
  starter = await mesh.client();
  stops.unshift(() => starter.close());
  for (const user of Object.keys(roles)) {
    const client = await mesh.client({ key: keys[user]! });
    people[user] = client;
    stops.unshift(() => client.close());
  }
});

afterAll(async () => {
  for (const stop of stops) await stop();
});

type View = Awaited<ReturnType<RunHandle['status']>>;
const until = (handle: RunHandle, what: string, holds: (view: View) => boolean): Promise<View> =>
  waitFor(
    async () => {
      const view = await handle.status().catch(() => null);
      return view !== null && holds(view) && view;
    },
    { timeoutMs: WAIT_MS, what },
  );
const ended = (handle: RunHandle): Promise<View> => until(handle, 'the end', ({ endedAt }) => endedAt !== null);
const asked = async (
  tool: string,
  code = `console.log("for ${PERSON}")`,
): Promise<{ handle: RunHandle; id: string }> => {
  const handle = await starter.run({ agent: 'payer', input: callThenQuote(tool, { code }) });
  const { question } = await until(handle, 'a question', (view) => view.question !== null);
  return { handle, id: question!.questionId };
};
/** Again while a service is away. */
const patiently = <T>(work: () => Promise<T>): Promise<T> =>
  waitFor(
    async () => {
      try {
        return { value: await work() };
      } catch (error) {
        if ((error as { retryable?: boolean }).retryable !== true) throw error;
        return null;
      }
    },
    { timeoutMs: WAIT_MS, what: 'an answer to be taken' },
  ).then(({ value }) => value);

async function killed(name: string): Promise<void> {
  const before = mesh.stack.pid(name)!;
  process.kill(before, 'SIGKILL');
  const isBack = (): boolean => ![before, null].includes(mesh.stack.pid(name));
  await waitFor(isBack, { timeoutMs: WAIT_MS, what: `${name} to be started again` });
}

describe('an approval of two people', () => {
  it('outlives the router and the guard, which die between the two answers', async () => {
    const { handle, id } = await asked('pay');
    expect(await people['ann']!.decide(handle.runId, id, 'approve')).toMatchObject({
      state: 'open',
      agreed: [{ userId: 'ann' }],
      quorum: 2,
    });
    await killed('router');
    await killed('guard');
    const listed = await patiently(() => people['bob']!.approvals({ runId: handle.runId }));
    expect(listed.items).toMatchObject([
      { runId: handle.runId, mayAnswer: true, question: { approval: { quorum: 2, agreed: [{ userId: 'ann' }] } } },
    ]);
    expect(JSON.stringify(listed)).not.toContain(PERSON);
    await patiently(() => people['bob']!.decide(handle.runId, id, 'approve'));
    expect(await ended(handle)).toMatchObject({ status: 'completed', toolCalls: 1, denied: 0 });
    const { story } = await mesh.admin.archived(TENANT, handle.runId);
    expect(story.map(({ text }) => text).join('\n')).toContain('Users ann, bob approved exactly this call.');
    expect(await mesh.admin.verify(TENANT, handle.runId)).toMatchObject({ ok: true });
    expect((await people['bob']!.approvals({ runId: handle.runId })).items).toEqual([]);
  });

  it('says to each why their answer does not count, and loses none', async () => {
    const { handle, id } = await asked('pay');
    const { runId } = handle;
    await expect(people['eve']!.decide(runId, id, 'approve')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await expect(starter.decide(runId, id, 'approve')).rejects.toMatchObject({ code: 'APPROVER_DENIED' });
    await expect(people['ann']!.decide(runId, 'q_call_9_9_0', 'approve')).rejects.toMatchObject({
      code: 'RUN_UNKNOWN',
    });
    await people['ann']!.decide(runId, id, 'approve');
    expect(await people['ann']!.decide(runId, id, 'approve')).toMatchObject({
      state: 'open',
      agreed: [{ userId: 'ann' }],
    });
    expect(await people['bob']!.decide(runId, id, 'deny')).toMatchObject({ state: 'denied' });
    expect(await ended(handle)).toMatchObject({ status: 'completed', toolCalls: 0, denied: 1 });
    await expect(people['ann']!.decide(runId, id, 'approve')).rejects.toMatchObject({
      code: 'QUESTION_UNKNOWN',
      message: expect.stringContaining('user bob did not approve it'),
    });
  });

  it('takes answers that come at once: one of each is a no', async () => {
    const [both, split] = [await asked('pay'), await asked('pay')];
    const decide = (who: string, { handle, id }: typeof both, choice: 'approve' | 'deny') =>
      people[who]!.decide(handle.runId, id, choice).catch((error: unknown) => error);
    await Promise.all([
      decide('ann', both, 'approve'),
      decide('bob', both, 'approve'),
      decide('ann', split, 'approve'),
      decide('bob', split, 'deny'),
    ]);
    expect(await ended(both.handle)).toMatchObject({ toolCalls: 1, denied: 0 });
    expect(await ended(split.handle)).toMatchObject({ toolCalls: 0, denied: 1 });
  });
});

describe('a delegation', () => {
  it('lets another approve until it is taken back, and says for whom', async () => {
    const [first, second] = [await asked('sign'), await asked('sign')];
    await expect(people['dan']!.decide(first.handle.runId, first.id, 'approve')).rejects.toMatchObject({
      code: 'RUN_UNKNOWN',
    });
    const nowMs = Date.now();
    await mesh.admin.define(TENANT, {
      delegations: [
        {
          id: 'holiday',
          from: 'bob',
          to: 'dan',
          tools: ['sign'],
          startsAt: nowMs - DAY_MS,
          endsAt: nowMs + DAY_MS,
          reason: '',
        },
      ],
    });
    const listed = (): Promise<boolean> => people['dan']!.approvals().then(({ items }) => items.length === 2);
    await waitFor(listed, { timeoutMs: WAIT_MS, what: 'the delegation to be in force' });
    expect(await people['dan']!.decide(first.handle.runId, first.id, 'approve')).toMatchObject({
      agreed: [{ userId: 'dan', onBehalfOf: 'bob' }],
    });
    expect(await ended(first.handle)).toMatchObject({ toolCalls: 1 });
    await mesh.admin.remove(TENANT, 'delegations', 'holiday');
    const gone = (): Promise<boolean> => people['dan']!.approvals().then(({ items }) => items.length === 0);
    await waitFor(gone, { timeoutMs: WAIT_MS, what: 'the delegation to be taken back' });
    await expect(people['dan']!.decide(second.handle.runId, second.id, 'approve')).rejects.toMatchObject({
      code: 'RUN_UNKNOWN',
    });
    await starter.cancel(second.handle.runId);
    expect(await ended(second.handle)).toMatchObject({ status: 'cancelled' });
  });
});

describe('other arguments', () => {
  const answer = (path: string, body: object): Promise<Response> =>
    mesh.request(`/v1/approvals/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${keys['bob']}` },
    });

  it('are run in place of what was asked for, and the model reads that', async () => {
    const { handle, id } = await asked('sign');
    const path = `${handle.runId}/${id}`;
    const listed = await mesh.request('/v1/approvals?limit=10', {
      headers: { authorization: `Bearer ${keys['bob']}` },
    });
    expect(await listed.json()).toMatchObject({ items: [{ runId: handle.runId, question: { questionId: id } }] });
    const own = await starter.approvals({ runId: handle.runId });
    expect(own.items).toMatchObject([
      { mayAnswer: false, question: { approval: { arguments: expect.stringContaining(PERSON) } } },
    ]);
    const wrong = await answer(path, { choice: 'approve', arguments: { code: 7 } });
    expect([wrong.status, JSON.stringify(await wrong.json())]).toEqual([400, expect.stringContaining('schema')]);
    const forbidden = await answer(path, { choice: 'approve', arguments: { code: 'forbidden()' } });
    expect([forbidden.status, JSON.stringify(await forbidden.json())]).toEqual([
      403,
      expect.stringContaining('no-such-text'),
    ]);
    const other = await answer(path, { choice: 'deny', arguments: { code: '1' } });
    expect(other.status).toBe(400);
    const taken = await answer(path, { choice: 'approve', arguments: { code: 'console.log("changed by bob")' } });
    expect([taken.status, await taken.json()]).toMatchObject([201, { questionId: id }]);
    const view = await ended(handle);
    expect(view).toMatchObject({ status: 'completed', toolCalls: 1 });
    expect(view.output).toContain('changed by bob');
    expect(view.output).toContain('a person changed its arguments');
    expect(await mesh.admin.verify(TENANT, handle.runId)).toMatchObject({ ok: true });
  });
});
