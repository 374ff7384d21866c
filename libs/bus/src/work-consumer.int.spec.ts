import { CHANNELS } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from './bus.js';
import { type Fixture, runRequest, startFixture, toolWork } from './bus.fixture.js';
import { encodeFrame } from './frame.js';
import type { WorkMessage } from './types.js';
import type { WorkHandler, Worker } from './work-consumer.js';

const SUBJECT = 'sb.v1.work.tool.T0.acme';
let fixture: Fixture;
let router: Bus;
let current: Worker | undefined;

beforeAll(async () => {
  fixture = await startFixture();
  router = await fixture.bus('router');
});
afterAll(() => fixture.stop());
afterEach(async () => {
  await current?.drain(1_000);
  current = undefined;
});

/** A worker on tool work that comes again soon and gives up early. */
async function work(
  handler: WorkHandler,
  concurrency: number,
  change = { ackWaitMs: 600, deliverMax: 4 },
): Promise<Worker> {
  current = await fixture.worker('tool-runner-default', change, handler, concurrency);
  return current;
}

const send = (callId: string): Promise<unknown> => router.publish('workTool', SUBJECT, toolWork(callId));
const callOf = (message: WorkMessage<unknown>): string => (message.body as { callId: string }).callId;

async function deadLetters(
  stream = 'WORK_TOOL',
): Promise<{ code: string; reason: string; seq: string; data: string; subject: string }[]> {
  const admin = await fixture.admin(stream === 'IN' ? 'GATE' : 'CORE');
  const name = stream === 'IN' ? 'DLQ_GATE' : 'DLQ';
  const { state } = await admin.streams.info(name);
  const found = [];
  for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
    const stored = await admin.streams.getMessage(name, { seq });
    const get = (key: string): string => stored?.header.get(key) ?? '';
    found.push({
      code: get('sb-dlq-code'),
      reason: get('sb-dlq-reason'),
      seq: get('sb-dlq-seq'),
      data: stored?.string() ?? '',
      subject: stored?.subject ?? '',
    });
  }
  return found;
}

async function left(): Promise<number> {
  return (await (await fixture.admin()).streams.info('WORK_TOOL')).state.messages;
}

describe('work', () => {
  it('never runs more at once than it may, and runs all', async () => {
    let running = 0;
    let most = 0;
    const done = new Set<string>();
    await work(async (message) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      done.add(callOf(message));
      running--;
    }, 7);
    await Promise.all(Array.from({ length: 120 }, (_, n) => send(`c_${n}`)));
    await waitFor(() => done.size === 120, { what: 'all work' });
    expect(most).toBe(7);
    await waitFor(async () => (await left()) === 0, { what: 'an empty queue' });
  });

  it('hands over a checked message', async () => {
    const seen: WorkMessage<unknown>[] = [];
    await work(async (message) => void seen.push(message), 1);
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await router.publish('workTool', SUBJECT, toolWork('c_one'), { id: 'an-id', traceparent });
    await waitFor(() => seen.length === 1, { what: 'the message' });
    expect(seen[0]).toMatchObject({
      channel: 'workTool',
      kind: 'tool.work.v1',
      author: 'router',
      tenant: 'acme',
      subject: SUBJECT,
      id: 'an-id',
      traceparent,
      seq: expect.any(Number) as number,
      deliveries: 1,
      lastDelivery: false,
    });
  });

  it('knows whether work is open that came before', async () => {
    const seen: WorkMessage<unknown>[] = [];
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const isOpen = (seq: number): Promise<boolean> => router.durables.unsettledBefore('tool-runner-default', seq);
    await send('c_one');
    await send('c_two');
    await work(async (message) => {
      seen.push(message);
      await released;
    }, 1);
    await waitFor(() => seen.length === 1, { what: 'the first' });
    const { seq } = seen[0]!;
    expect([await isOpen(seq + 1), await isOpen(seq + 2)]).toEqual([true, true]);
    release();
    await waitFor(async () => !(await isOpen(seq + 2)), { what: 'both to be settled' });
    expect(await isOpen(Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('keeps a job that is longer than the ack wait to itself', async () => {
    let started = 0;
    let ended = false;
    await work(async () => {
      started++;
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      ended = true;
    }, 2);
    await send('c_long');
    await waitFor(() => ended, { what: 'the end of the job' });
    await waitFor(async () => (await left()) === 0, { what: 'an empty queue' });
    expect(started).toBe(1);
  });

  it('gives back what fails for now, later each time', async () => {
    const at: number[] = [];
    const seen: [number, boolean][] = [];
    await work(async ({ deliveries, lastDelivery }) => {
      at.push(performance.now());
      seen.push([deliveries, lastDelivery]);
      if (deliveries < 3) throw new MeshError('PROVIDER_UNAVAILABLE', 'not now');
    }, 1);
    await send('c_retry');
    await waitFor(async () => seen.length === 3 && (await left()) === 0, { what: 'the third delivery' });
    expect(seen).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(at[1]! - at[0]!).toBeGreaterThan(100);
    expect(at[2]! - at[1]!).toBeGreaterThan(200);
  });

  it('puts aside what fails for good, what keeps failing and what nobody can read, and goes on', async () => {
    const done: string[] = [];
    await work(async (message) => {
      const callId = callOf(message);
      if (callId === 'c_never') throw new MeshError('TOOL_DENIED', 'no rule permits it');
      if (callId === 'c_always') throw new MeshError('STORE_UNAVAILABLE', 'the database is gone');
      if (callId === 'c_bug') throw new TypeError('undefined is not a function');
      done.push(callId);
    }, 2);
    const nc = await fixture.raw('router');
    const keys = fixture.keys('router');
    const good = Buffer.from(JSON.stringify(toolWork('c_forged')));
    await send('c_never');
    await nc.request(SUBJECT, Buffer.from([0xff, 0xfe, 0xfd]), { timeout: 20_000 });
    await nc.request(
      SUBJECT,
      encodeFrame('sb.v1.work.tool.T0.globex', 'tool.work.v1', 'router', good, CHANNELS.workTool.seal, keys),
      { timeout: 20_000 },
    );
    await nc.request(
      SUBJECT,
      encodeFrame(SUBJECT, 'tool.work.v1', 'router', Buffer.from('{}'), CHANNELS.workTool.seal, keys),
      { timeout: 20_000 },
    );
    await nc.request(SUBJECT, `sb1 tool.work.v1 inference -\n${good}`, { timeout: 20_000 });
    await send('c_always');
    await send('c_bug');
    await send('c_good');
    await waitFor(async () => (await left()) === 0, { what: 'an empty queue' });
    expect(done).toEqual(['c_good']);
    const letters = await deadLetters();
    expect(letters.map(({ code }) => code).toSorted()).toEqual([
      'INTERNAL',
      'REQUEST_INVALID',
      'REQUEST_MALFORMED',
      'SEAL_INVALID',
      'SEAL_INVALID',
      'STORE_UNAVAILABLE',
      'TOOL_DENIED',
    ]);
    expect(letters.find(({ code }) => code === 'STORE_UNAVAILABLE')).toMatchObject({
      reason: 'the database is gone',
      subject: 'sb.v1.dlq.WORK_TOOL.tool-runner-default.acme',
      data: expect.stringContaining('c_always'),
    });
  });

  it('buries what has ended every worker it met', async () => {
    const before = (await deadLetters()).length;
    // Workers that die without a word: their connection is cut while they hold the message.
    const crash = async (): Promise<void> => {
      let held = false;
      const worker = await work(async () => {
        held = true;
        await new Promise(() => undefined);
      }, 1);
      await waitFor(() => held, { what: 'the message to be held' });
      current = undefined;
      await fixture.cut(worker);
    };
    await send('c_killer');
    for (let n = 0; n < 3; n++) await crash();
    let ran = 0;
    await work(async () => void ran++, 1);
    await waitFor(async () => (await deadLetters()).length === before + 1, { what: 'the dead letter' });
    expect(ran).toBe(0);
    expect((await deadLetters()).at(-1)).toMatchObject({
      code: 'INTERNAL',
      reason: expect.stringContaining('never finished'),
    });
    await waitFor(async () => (await left()) === 0, { what: 'an empty queue' });
  });

  it('says nothing in a dead letter of what a foreign error quoted', async () => {
    const before = (await deadLetters()).length;
    await work(
      async () => {
        throw new Error('cannot parse john.doe@example.com');
      },
      1,
      { ackWaitMs: 30_000, deliverMax: 4 },
    );
    await send('quoting');
    await waitFor(async () => (await deadLetters()).length === before + 1, { what: 'the dead letter' });
    const letter = (await deadLetters()).at(-1);
    expect(letter?.code).toBe('INTERNAL');
    expect(letter?.reason).not.toContain('john.doe');
    await waitFor(async () => (await left()) === 0, { what: 'an empty queue' });
  });

  it('finishes what runs on a drain, gives back the rest at once', async () => {
    const done: string[] = [];
    const first = await work(
      async (message) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        done.push(callOf(message));
      },
      2,
      { ackWaitMs: 30_000, deliverMax: 4 },
    );
    await Promise.all(Array.from({ length: 6 }, (_, n) => send(`d_${n}`)));
    await waitFor(() => first.stats().running === 2, { what: 'two to run' });
    await first.drain(5_000);
    expect(done).toHaveLength(2);
    expect(first.stats()).toMatchObject({ running: 0, waiting: 0 });
    const startedAt = performance.now();
    await work(async (message) => void done.push(callOf(message)), 2, { ackWaitMs: 30_000, deliverMax: 4 });
    await waitFor(() => done.length === 6, { what: 'the rest' });
    expect(new Set(done).size).toBe(6);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it('aborts and gives back what does not end in time', async () => {
    let aborted = false;
    const first = await work(
      async ({ signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        aborted = true;
        throw new MeshError('SHUTTING_DOWN', 'stopping');
      },
      1,
      { ackWaitMs: 30_000, deliverMax: 4 },
    );
    await send('c_endless');
    await waitFor(() => first.stats().running === 1, { what: 'it to run' });
    await first.drain(100);
    expect(aborted).toBe(true);
    const seen: number[] = [];
    await work(async ({ deliveries }) => void seen.push(deliveries), 1, { ackWaitMs: 30_000, deliverMax: 4 });
    await waitFor(() => seen.length === 1, { what: 'the second delivery' });
    expect(seen).toEqual([2]);
  });

  it('pauses and goes on', async () => {
    const done: string[] = [];
    const worker = await work(async (message) => void done.push(callOf(message)), 1);
    worker.pause();
    await send('p_0');
    await waitFor(() => done.length === 1, { what: 'what had been asked for' });
    await send('p_1');
    await send('p_2');
    expect(worker.stats()).toMatchObject({ paused: true, running: 0, waiting: 0 });
    expect(await left()).toBe(2);
    worker.resume();
    await waitFor(() => done.length === 3, { what: 'the rest' });
  });

  it('does not begin again what it works on when the broker delivers it again, and takes it for done once', async () => {
    const begun: number[] = [];
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    const worker = await work(async ({ deliveries }) => {
      begun.push(deliveries);
      await held;
    }, 4);
    const sent = (await router.publish('workTool', SUBJECT, toolWork('call_1_0')))!;
    await waitFor(() => begun.length === 1, { what: 'the call to begin' });
    const admin = await fixture.admin();
    const delivered = async (): Promise<number> =>
      (await admin.consumers.info('WORK_TOOL', 'tool-runner-default')).delivered.consumer_seq;
    const first = await delivered();
    const another = await fixture.raw('tool-runner');
    another.publish(`$JS.ACK.WORK_TOOL.tool-runner-default.1.${sent.seq}.${first}.0.0`, '-NAK');
    await waitFor(async () => (await delivered()) > first, { what: 'a second delivery' });
    finish();
    await waitFor(async () => (await left()) === 0, { what: 'the broker to know' });
    expect(begun).toEqual([1]);
    expect(worker.stats()).toMatchObject({ done: 1, running: 0, waiting: 0 });
  });

  it('goes on when its durable is deleted and made again', async () => {
    const done: string[] = [];
    const worker = await work(async (message) => void done.push(callOf(message)), 2);
    const admin = await fixture.admin();
    const { config } = await admin.consumers.info('WORK_TOOL', 'tool-runner-default');
    await admin.consumers.delete('WORK_TOOL', 'tool-runner-default');
    await send('r_0');
    await waitFor(() => fixture.log.has('work cannot be asked for now'), { what: 'a complaint' });
    await admin.consumers.add('WORK_TOOL', config);
    await waitFor(() => done.length === 1, { what: 'the work' });
    expect(worker.alive).toBe(true);
  });

  it('takes raw requests on GATE, by channel', async () => {
    const [gateway, guard] = await Promise.all([fixture.bus('gateway', 'GATE'), fixture.bus('guard', 'GATE')]);
    const seen: WorkMessage<unknown>[] = [];
    const worker = await guard.work('guard-in', async (message) => void seen.push(message), { concurrency: 4 });
    await gateway.publish('inRun', 'sb.v1.in.acme.run', runRequest('hello'));
    const nc = await fixture.raw('gateway', 'GATE');
    await nc.request('sb.v1.in.acme.run', 'no json', { timeout: 20_000 });
    await waitFor(() => seen.length === 1 && worker.stats().deadLettered === 1, { what: 'both' });
    expect(seen[0]).toMatchObject({ channel: 'inRun', kind: 'run.request.v1', author: null, tenant: 'acme' });
    expect(await deadLetters('IN')).toMatchObject([{ code: 'REQUEST_MALFORMED', data: 'no json' }]);
  });
});
