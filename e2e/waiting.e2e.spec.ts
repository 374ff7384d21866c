import { readdirSync, readFileSync } from 'node:fs';
import type { RunHandle, SignalboxClient } from '@signalbox/client';
import type { ToolManifest } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool, permit } from './support/definitions.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { callThenQuote, simScript } from './support/sim.ts';

const WAIT_MS = 50_000;
const PERSON = 'anna.berg@example.com';
/** Far longer than any test waits. */
const SLEEP_MS = 55_000;

const waiting = (name: string, kind: 'timer' | 'signal'): ToolManifest => ({
  ...codeTool(name, 'javascript'),
  driver: { kind },
  parameters: { type: 'object' },
  tier: 'T0',
});

/** A program that idles under a name that the machine sees. */
const nap = (title: string): string => `process.title = '${title}'; setTimeout(() => {}, ${SLEEP_MS});`;
const isRunning = (title: string): boolean =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(title);
      } catch {
        return false;
      }
    });

let mesh: E2eMesh;
let client: SignalboxClient;
let boss: SignalboxClient;
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  // Whatever waits leaves the router's memory at once, and is brought back by what it waits for.
  const router = { SIGNALBOX_PARK_AFTER_MS: '0', SIGNALBOX_CHECKPOINT_MS: '100' };
  mesh = await E2eMesh.start('waiting', { env: { router } });
  stops.unshift(() => mesh.stop());
  const tools = ['careful', 'guarded', 'sleep', 'await_signal', 'nap'];
  await mesh.define({
    tools: [
      codeTool('careful', 'javascript'),
      codeTool('guarded', 'javascript'),
      waiting('sleep', 'timer'),
      waiting('await_signal', 'signal'),
      codeTool('nap', 'javascript', { wallMs: SLEEP_MS + 5_000 }),
    ],
    agents: [agent('waiter', { tools }), agent('rogue', { tools })],
    rules: [
      permit('waits', ['waiter', 'rogue'], ['sleep', 'await_signal', 'nap']),
      { ...permit('ask-first', ['waiter'], ['careful']), effect: 'approve' },
      {
        ...permit('ask-boss', ['waiter'], ['guarded']),
        effect: 'approve',
        approval: { approvers: ['boss'], withinMs: 600_000 },
      },
    ],
  });
  client = await mesh.client();
  boss = await mesh.client({ key: (await mesh.admin.createKey(TENANT, 'boss')).key });
  stops.unshift(
    () => client.close(),
    () => boss.close(),
  );
  await waitFor(() => boss.agents(), { what: 'the key of the boss to be in force' });
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
const asked = (handle: RunHandle): Promise<View> => until(handle, 'a question', ({ question }) => question !== null);
/** `result` says where a run waits; this is its end. */
const ended = (handle: RunHandle): Promise<View> => until(handle, 'the end', ({ endedAt }) => endedAt !== null);
const start = (input: string, who = 'waiter'): Promise<RunHandle> => client.run({ agent: who, input });
const responseOf = ({ runId }: RunHandle): string => runId.replace('run_', 'resp_');

describe('an approval', () => {
  it('lets exactly the call run that was shown, once its person agrees', async () => {
    const handle = await start(callThenQuote('careful', { code: `console.log("for ${PERSON}")` }));
    const { question, status } = await asked(handle);
    expect({ status, choices: question?.choices }).toEqual({ status: 'waiting', choices: ['approve', 'deny'] });
    expect(question?.approval).toMatchObject({ tool: 'careful', arguments: expect.stringContaining(PERSON) });
    const answer = { method: 'POST', body: JSON.stringify({ question: question?.questionId, choice: 'approve' }) };
    const response = await mesh.request(`/v1/responses/${responseOf(handle)}/answer`, answer);
    expect(response.status).toBe(202);
    const view = await ended(handle);
    expect(view).toMatchObject({ status: 'completed', toolCalls: 1, denied: 0, question: null });
    expect(view.output).toContain('The tool said: for ');
    const { story } = await mesh.admin.archived(TENANT, handle.runId);
    const told = story.map(({ text }) => text).join('\n');
    expect(told).toContain('Asked a person');
    expect(told).toContain('approved exactly this call');
    expect(await mesh.admin.verify(TENANT, handle.runId)).toMatchObject({ ok: true });
  });

  it('is given by nobody but whom the rules name, who sees what is asked and no personal data', async () => {
    const handle = await start(callThenQuote('guarded', { code: `console.log("for ${PERSON}")` }));
    const { question } = await asked(handle);
    const id = question!.questionId;
    await client.answer(handle.runId, id, 'approve');
    const seen = await boss.open(handle.runId).status();
    expect(seen.question?.approval?.tool).toBe('guarded');
    expect(JSON.stringify(seen)).not.toContain(PERSON);
    expect((await handle.status()).question?.questionId).toBe(id);
    await boss.answer(handle.runId, id, 'deny');
    const view = await ended(handle);
    expect(view).toMatchObject({ status: 'completed', denied: 1, toolCalls: 0 });
    expect(view.output).toContain('APPROVAL_DENIED');
  });
});

describe('a run that waits', () => {
  it('takes a signal that came early, and one that comes late, redacted', async () => {
    const wait = (name: string): { name: string; arguments: { name: string } } => ({
      name: 'await_signal',
      arguments: { name },
    });
    const steps = [{ tools: [wait('paid'), wait('sent')] }, { text: '{{result:0}} and {{result:1}}' }];
    const handle = await start(simScript(steps));
    await client.signal(handle.runId, 'paid', { by: PERSON });
    const { waits } = await until(handle, 'one wait left', (view) => view.waits?.length === 1);
    expect(waits).toMatchObject([{ kind: 'signal', name: 'sent' }]);
    const body = JSON.stringify({ name: 'sent', payload: [1, 'two'] });
    const sent = await mesh.request(`/v1/responses/${responseOf(handle)}/signal`, { method: 'POST', body });
    expect(sent.status).toBe(202);
    const view = await ended(handle);
    expect(view).toMatchObject({ status: 'completed', redactions: { EMAIL: 1 } });
    expect(view.output).toContain(`{"by":"${PERSON}"} and [1,"two"]`);
    const { entries } = await mesh.admin.archived(TENANT, handle.runId);
    expect(JSON.stringify(entries)).not.toContain(PERSON);
  });

  it('waits on through the death of its router, and of the next one', async () => {
    const runs = await Promise.all(
      Array.from({ length: 10 }, () => start(callThenQuote('await_signal', { name: 'go' }))),
    );
    for (const handle of runs) await until(handle, 'the wait', ({ waits }) => waits !== undefined);
    for (let deaths = 0; deaths < 2; deaths++) {
      const pid = mesh.stack.pid('router')!;
      process.kill(pid, 'SIGKILL');
      if (deaths === 0) await Promise.all(runs.slice(0, 5).map(({ runId }) => client.signal(runId, 'go', deaths)));
      await waitFor(() => (mesh.stack.pid('router') ?? pid) !== pid, { timeoutMs: WAIT_MS, what: 'another router' });
      if (deaths === 0) for (const handle of runs.slice(0, 5)) expect((await ended(handle)).output).toContain('0');
    }
    await Promise.all(runs.slice(5).map(({ runId }) => client.signal(runId, 'go', 1)));
    for (const handle of runs.slice(5)) expect((await ended(handle)).output).toContain('1');
  });

  it('goes on by itself when its time has come', async () => {
    const view = await ended(await start(callThenQuote('sleep', { ms: 300 })));
    expect(view.output).toContain('firedAt');
  });

  it('is told only in words that it can take', async () => {
    const handle = await start(callThenQuote('await_signal', { name: 'x' }));
    await until(handle, 'the wait', ({ waits }) => waits !== undefined);
    const post = async (verb: string, body: unknown): Promise<number> =>
      (
        await mesh.request(`/v1/responses/${responseOf(handle)}/${verb}`, {
          method: 'POST',
          body: JSON.stringify(body),
        })
      ).status;
    expect(await post('signal', { name: 'no dots.here' })).toBe(400);
    expect(await post('signal', { name: 'x', payload: 'y'.repeat(20_000) })).toBe(413);
    expect(await post('answer', { question: 'q', choice: 'maybe' })).toBe(400);
    expect(await post('pause', { why: 'x' })).toBe(400);
    const stranger = await fetch(`${mesh.url('gateway')}/v1/responses/${responseOf(handle)}/signal`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'x' }),
    });
    expect(stranger.status).toBe(401);
    await handle.status();
    await client.cancel(handle.runId);
    expect((await ended(handle)).status).toBe('cancelled');
  });
});

describe('control', () => {
  it('pauses a run and lets it go on', async () => {
    const handle = await start(callThenQuote('await_signal', { name: 'go' }));
    await until(handle, 'the wait', ({ waits }) => waits !== undefined);
    await client.pause(handle.runId);
    await until(handle, 'the pause', ({ status }) => status === 'paused');
    await client.signal(handle.runId, 'go', 'now');
    await until(handle, 'the signal', ({ status, waits }) => status === 'paused' && waits === undefined);
    await client.resume(handle.runId);
    expect((await ended(handle)).output).toContain('now');
  });

  it('cancels down into a running sandbox, long before its program would end', async () => {
    const handle = await start(callThenQuote('nap', { code: nap('nap-cancelled') }));
    await waitFor(() => isRunning('nap-cancelled'), { timeoutMs: WAIT_MS, what: 'the program' });
    const startedAt = Date.now();
    await client.cancel(handle.runId);
    await waitFor(() => !isRunning('nap-cancelled'), { timeoutMs: SLEEP_MS, what: 'its death' });
    expect(Date.now() - startedAt).toBeLessThan(SLEEP_MS / 2);
    expect((await ended(handle)).status).toBe('cancelled');
  });

  it('halts an agent: what runs or waits of it ends, nothing starts, and others go on', async () => {
    const other = await start(callThenQuote('await_signal', { name: 'go' }));
    const napping = await start(callThenQuote('nap', { code: nap('nap-halted') }), 'rogue');
    const parked = await start(callThenQuote('await_signal', { name: 'never' }), 'rogue');
    await waitFor(() => isRunning('nap-halted'), { timeoutMs: WAIT_MS, what: 'the program' });
    await until(parked, 'the wait', ({ waits }) => waits !== undefined);
    await mesh.admin.halt(TENANT, 'rogue-stop', ['rogue'], 'it writes to the wrong people');
    for (const handle of [napping, parked])
      expect(await ended(handle)).toMatchObject({
        status: 'cancelled',
        error: { code: 'RUN_CANCELLED', message: 'it writes to the wrong people' },
      });
    await waitFor(() => !isRunning('nap-halted'), { timeoutMs: SLEEP_MS / 2, what: 'the death of its program' });
    const { story } = await mesh.admin.archived(TENANT, parked.runId);
    expect(story.map(({ text }) => text).join('\n')).toContain('Cancelled by kill switch rogue-stop');
    const refused = await mesh.request('/v1/responses', {
      method: 'POST',
      body: JSON.stringify({ model: 'rogue', input: 'hello' }),
    });
    expect(refused.status).toBe(403);
    expect(JSON.stringify(await refused.json())).toContain('AGENT_HALTED');
    await client.signal(other.runId, 'go');
    expect((await ended(other)).status).toBe('completed');
    await mesh.admin.halt(TENANT, 'rogue-stop', ['rogue']);
    const again = async (): Promise<boolean> =>
      (await ended(await start(simScript([{ text: 'back' }]), 'rogue'))).status === 'completed';
    await waitFor(again, { timeoutMs: WAIT_MS, what: 'the agent to run again' });
  });
});
