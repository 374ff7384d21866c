import { connectTenant, type Tapped, tapGate } from '@signalbox/bus/provision';
import { ClientError, digestOf, type SignalboxClient } from '@signalbox/client';
import { MESSAGE_BYTES_MAX, subjects, type WatchEventV1 } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent } from './support/definitions.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { simScript } from './support/sim.ts';

const RIVAL = 'rival';
const EMAIL = 'anna.berg@example.com';
type TenantConnection = Awaited<ReturnType<typeof connectTenant>>;

let mesh: E2eMesh;
let client: SignalboxClient;
let raw: TenantConnection;
let pids: Record<string, number | null>;
const onGate: Tapped[] = [];
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  mesh = await E2eMesh.start('nats', { tenants: [TENANT, RIVAL] });
  stops.unshift(() => mesh.stop());
  await mesh.define({ agents: [agent('helper'), agent('secret-agent')] });
  const access = { url: mesh.url('nats'), keysDir: mesh.stack.keysDir };
  const tap = await tapGate(access, (message) => onGate.push(message));
  client = await mesh.client();
  raw = await connectTenant(access, TENANT);
  stops.unshift(
    () => client.close(),
    () => raw.close(),
    () => tap.stop(),
  );
  pids = mesh.pids();
});

afterAll(async () => {
  for (const stop of stops) await stop();
});

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof ClientError ? error.code : String(error)),
  );

describe('an internal system', () => {
  it('sees its agents', async () => {
    expect((await client.agents()).map(({ id }) => id)).toEqual(expect.arrayContaining(['analyst', 'helper']));
  });

  it('runs one, hears the answer while it is made, and has its own data back in it', async () => {
    const text = `I wrote to ${EMAIL} about it. `;
    const handle = await client.run({ agent: 'helper', input: simScript([{ text, repeat: 10 }]), stream: true });
    const events: WatchEventV1[] = [];
    for await (const event of handle.events()) events.push(event);
    const words = events.map((event) => (event.type === 'delta' ? event.text : '')).join('');
    expect(words).toBe(text.repeat(10));
    expect(events.at(-1)).toMatchObject({ type: 'end', view: { status: 'completed', output: text.repeat(10) } });
    expect(await handle.status()).toMatchObject({ status: 'completed', simulated: true, redactions: { EMAIL: 1 } });
  });

  it('gets the same run for the same idempotency key', async () => {
    const options = { agent: 'helper', input: simScript([{ text: 'Once.' }]), idempotencyKey: 'job-1' };
    const handles = await Promise.all([client.run(options), client.run(options)]);
    expect(handles[1].runId).toBe(handles[0].runId);
    const views = await Promise.all(handles.map((handle) => handle.result()));
    expect(views.map(({ output }) => output)).toEqual(['Once.', 'Once.']);
    await expect(client.run({ ...options, input: 'Something else.' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
  });

  it('opens a run again later, by its id alone', async () => {
    const { runId } = await client.run({ agent: 'helper', input: simScript([{ text: 'Later.' }]) });
    expect((await client.open(runId).result()).output).toBe('Later.');
  });

  it('cancels a run that hangs', async () => {
    const handle = await client.run({ agent: 'helper', input: simScript([{ hang: true }]) });
    await waitFor(async () => (await handle.status()).status === 'running', { what: 'the run to be under way' });
    await client.cancel(handle.runId, `asked by ${EMAIL}`);
    expect(await handle.result()).toMatchObject({ status: 'cancelled', error: { code: 'RUN_CANCELLED' } });
  });

  it('cancels a run in the same breath as it asks for it', async () => {
    for (let n = 0; n < 5; n++) {
      // With personal data in it, which are stored before the run is.
      const input = simScript([{ hang: true }], `I am reached at person${n}@example.com.`);
      const handle = await client.run({ agent: 'helper', input });
      await client.cancel(handle.runId);
      expect(await handle.result()).toMatchObject({ status: 'cancelled' });
    }
  });

  it('hears by its code why a run is refused', async () => {
    const unknown = await client.run({ agent: 'nobody', input: 'Hello.' });
    expect(await unknown.result()).toMatchObject({ status: 'refused', error: { code: 'AGENT_UNKNOWN' } });
    const { key } = await mesh.admin.createKey(TENANT, 'limited', ['helper']);
    const limited = await mesh.client({ key });
    await waitFor(() => limited.agents(), { what: 'the new key to be in force' });
    const denied = await limited.run({ agent: 'secret-agent', input: 'Hello.' });
    expect(await denied.result()).toMatchObject({ status: 'refused', error: { code: 'AGENT_DENIED' } });
    await limited.close();
  });

  it('touches no run of another user', async () => {
    const { key } = await mesh.admin.createKey(TENANT, 'curious');
    const other = await mesh.client({ key });
    await waitFor(() => other.agents(), { what: 'the new key to be in force' });
    const mine = await client.run({ agent: 'helper', input: simScript([{ text: 'Private.', delayMs: 300 }]) });
    await waitFor(() => mine.status(), { what: 'the run to be seen' });
    expect(await codeOf(other.status(mine.runId))).toBe('RUN_UNKNOWN');
    expect(await codeOf(other.open(mine.runId).result())).toBe('RUN_UNKNOWN');
    await other.cancel(mine.runId);
    expect(await mine.result()).toMatchObject({ status: 'completed', output: 'Private.' });
    await other.close();
  });

  it('with a wrong key gets nothing, and nothing of it reaches a journal', async () => {
    const impostor = await mesh.client({ key: `sb_${TENANT}_${'A'.repeat(43)}` });
    expect(await codeOf(impostor.agents())).toBe('KEY_INVALID');
    const handle = await impostor.run({ agent: 'helper', input: 'Hello.' });
    expect(await codeOf(handle.result())).toBe('KEY_INVALID');
    const letter = await deadLetter((text) => text.includes(digestOf(`sb_${TENANT}_${'A'.repeat(43)}`)));
    expect(letter.headers).toContain('sb-dlq-code: KEY_INVALID');
    expect(await codeOf(client.status(handle.runId))).toBe('RUN_UNKNOWN');
    await impostor.close();
  });
});

function deadLetter(matches: (text: string) => boolean): Promise<Tapped> {
  const find = (): Tapped | undefined =>
    onGate.find(({ subject, body }) => subject.startsWith('sb.v1.dlq.IN.') && matches(new TextDecoder().decode(body)));
  return waitFor(find, { what: 'the dead letter' });
}

describe('what is published straight into sb.v1.in', () => {
  const request = (fields: object): string =>
    JSON.stringify({
      keyDigest: digestOf(mesh.key()),
      requestId: 'req_00000000000000000000000000',
      agent: 'helper',
      input: [{ role: 'user', content: 'Hello.' }],
      stream: false,
      ...fields,
    });
  const cases: [string, () => string | Uint8Array, string][] = [
    ['broken JSON', () => '{"agent": "helper" #1', 'REQUEST_MALFORMED'],
    ['nothing', () => '', 'REQUEST_MALFORMED'],
    ['invalid UTF-8', () => new Uint8Array([0x22, 0xff, 0xfe, 0x23, 0x32]), 'REQUEST_MALFORMED'],
    ['another shape', () => '{"agent": 7, "mark": "#3"}', 'REQUEST_INVALID'],
    ['an id of its own making', () => request({ requestId: 'run_00_* #4' }), 'REQUEST_INVALID'],
    ['an agent that is a subject', () => request({ agent: 'sb.v1.> #5' }), 'REQUEST_INVALID'],
    ['a hundred thousand levels', () => `${'['.repeat(100_000)}#6`, 'REQUEST_MALFORMED'],
    ['deep JSON', () => request({ input: 7 }).replace('7', '['.repeat(50_000) + ']'.repeat(50_000)), 'REQUEST_INVALID'],
    [
      'a run of a partition that is not there',
      () => request({ previousRunId: `run_99_${'0'.repeat(26)}` }),
      'REQUEST_INVALID',
    ],
  ];
  it.each(cases)('%s goes to the dead letters by its code', async (_what, make, code) => {
    const body = make();
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const ack = await raw.request(subjects.in(TENANT, 'run'), bytes);
    expect(ack.json()).toMatchObject({ stream: 'IN' });
    const letter = await deadLetter((text) => text === new TextDecoder().decode(bytes));
    expect(letter.subject).toBe(subjects.dlq('IN', 'guard-in', TENANT));
    expect(letter.headers).toContain(`sb-dlq-code: ${code}`);
  });

  it('and is larger than a message may be does not get that far', async () => {
    const body = new Uint8Array(MESSAGE_BYTES_MAX + 1).fill(0x20);
    await expect(raw.request(subjects.in(TENANT, 'run'), body)).rejects.toThrow();
  });

  it('leaves the guard as it was', async () => {
    expect(mesh.pids()).toEqual(pids);
    const handle = await client.run({ agent: 'helper', input: simScript([{ text: 'Still here.' }]) });
    expect(await handle.result()).toMatchObject({ status: 'completed', output: 'Still here.' });
  });
});

describe('what is asked in another shape', () => {
  it.each(['{"keyDigest":', '[]', '{"keyDigest":"short"}', '', '\u0000'])(
    '%j is answered by an error',
    async (body) => {
      for (const kind of ['auth', 'status'] as const) {
        const reply = await raw.request(subjects.ask(TENANT, kind), body);
        expect(reply.headers?.get('sb-error')).toMatch(/^REQUEST_(MALFORMED|INVALID)$/);
      }
    },
  );
});

describe('another tenant’s subjects', () => {
  const foreign = [
    ...(['run', 'cancel', 'approve'] as const).map((kind) => subjects.in(RIVAL, kind)),
    ...(['auth', 'watch', 'status'] as const).map((kind) => subjects.ask(RIVAL, kind)),
    'sb.v1.run.00.demo.run_00_00000000000000000000000000',
    'sb.v1.svc.guard.deposit.demo',
    'sb.v1.work.tool.T2.demo',
    '$JS.API.STREAM.NAMES',
    '$JS.API.STREAM.MSG.GET.IN',
  ];
  it.each(foreign)('%s: publishing is refused by the broker', async (subject) => {
    await expect(raw.request(subject, '{}', { timeout: 20_000 })).rejects.toThrow(/permission/i);
  });

  it.each(['sb.v1.>', 'sb.v1.dlq.>', `sb.v1.ask.${TENANT}.auth`, '_INBOX_gateway.>', '>', '$SYS.>'])(
    '%s: listening is refused by the broker',
    async (subject) => {
      const subscription = raw.subscribe(subject);
      await raw.flush();
      await expect(subscription.closed).resolves.toBeInstanceOf(Error);
    },
  );

  it('nor does a key of theirs open mine', async () => {
    const confused = await mesh.client({ key: mesh.key(RIVAL) });
    expect(await codeOf(confused.agents())).toBe('KEY_INVALID');
    await confused.close();
  });
});
