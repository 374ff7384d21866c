import { CONSUMERS, type LetterFilter, subjects } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from './bus.js';
import { type Fixture, startFixture, toolWork } from './bus.fixture.js';
import type { WorkHandler } from './work-consumer.js';

const SUBJECT = 'sb.v1.work.tool.T0.acme';
const ALL: LetterFilter = { after: 0, limit: 200 };
const refusing: WorkHandler = async () => {
  throw new MeshError('TOOL_DENIED', 'Never.');
};

let fixture: Fixture;
let router: Bus;
let audit: Bus;

beforeAll(async () => {
  fixture = await startFixture();
  [router, audit] = [await fixture.bus('router'), await fixture.bus('audit')];
});
afterAll(() => fixture.stop());

async function buried(count: number, callId = 'c_dead'): Promise<void> {
  const before = (await audit.letters.list('acme', ALL)).letters.length;
  const worker = await fixture.worker('tool-runner-default', {}, refusing, 4);
  for (let n = 0; n < count; n++) await router.publish('workTool', SUBJECT, toolWork(`${callId}_${n}`));
  const all = async (): Promise<boolean> => (await audit.letters.list('acme', ALL)).letters.length === before + count;
  await waitFor(all, { what: 'the dead letters' });
  await worker.drain(1_000);
}

describe('dead letters', () => {
  it('are listed by page, oldest first, for their own tenant alone', async () => {
    await buried(5);
    const seen: number[] = [];
    for (let next: number | null = 0; next !== null;) {
      const page = await audit.letters.list('acme', { after: next, limit: 2 });
      expect(page.letters.length).toBeLessThanOrEqual(2);
      seen.push(...page.letters.map(({ seq }) => seq));
      next = page.next;
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBe(5);
    expect(await audit.letters.list('globex', ALL)).toEqual({ letters: [], next: null });
    const { letters } = await audit.letters.list('acme', ALL);
    expect(letters[0]).toMatchObject({
      tenant: 'acme',
      stream: 'WORK_TOOL',
      consumer: 'tool-runner-default',
      subject: SUBJECT,
      code: 'TOOL_DENIED',
      reason: 'Never.',
      deliveries: 1,
      cut: false,
    });
    expect(letters[0]!.bytes).toBeGreaterThan(100);
    expect(Math.abs(Date.now() - letters[0]!.at!)).toBeLessThan(60_000);
    expect((await audit.letters.list('acme', { ...ALL, code: 'KEY_INVALID' })).letters).toEqual([]);
    expect((await audit.letters.list('acme', { ...ALL, stream: 'WORK_INFER' })).letters).toEqual([]);
    expect((await audit.letters.list('acme', { ...ALL, consumer: 'tool-runner-default' })).letters).toHaveLength(5);
  });

  it('are found by place and print, and by neither for another tenant', async () => {
    const { letters } = await audit.letters.list('acme', ALL);
    const [head] = letters;
    const letter = await audit.letters.get('acme', head!);
    expect(letter.head).toEqual(head);
    const wrong: [string, { seq: number; print: string }][] = [
      ['globex', head!],
      ['acme', { ...head!, print: '00000000' }],
      ['acme', { ...head!, seq: 99_999 }],
      ['acme', { ...head!, seq: 0 }],
    ];
    for (const [tenant, key] of wrong)
      await expect(audit.letters.get(tenant, key)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are sent again with their seal by who may publish there, once however often in a row, and by nobody else', async () => {
    const { letters } = await router.letters.list('acme', ALL);
    const letter = await router.letters.get('acme', letters[0]!);
    expect(await router.letters.open(letter)).toMatchObject({ channel: 'workTool', author: 'router', tenant: 'acme' });
    await expect(audit.letters.resend(letter)).rejects.toMatchObject({ code: 'BUS_FORBIDDEN' });
    await Promise.all([router.letters.resend(letter), router.letters.resend(letter), router.letters.resend(letter)]);
    const taken: string[] = [];
    const worker = await fixture.worker(
      'tool-runner-default',
      {},
      async (message) => void taken.push((message.body as { callId: string }).callId),
      4,
    );
    await waitFor(() => taken.length > 0, { what: 'the message again' });
    await worker.drain(1_000);
    expect(taken).toEqual(['c_dead_0']);
    expect((await fixture.mesh.work('tool-runner-default')).waiting).toBe(0);
  });

  it('whose seal is wrong are not opened', async () => {
    const tampered = await router.letters.get('acme', (await router.letters.list('acme', ALL)).letters[0]!);
    const data = Buffer.from(Buffer.from(tampered.data).toString().replace('clerk', 'chief'));
    await expect(router.letters.open({ ...tampered, data })).rejects.toMatchObject({ code: 'SEAL_INVALID' });
  });

  it('survive junk among them', async () => {
    const nc = await fixture.raw('tool-runner');
    const before = (await audit.letters.list('acme', ALL)).letters.length;
    nc.publish(subjects.dlq('WORK_TOOL', 'tool-runner-default', 'acme'), 'no letter at all');
    await nc.flush();
    await buried(1, 'c_after');
    const { letters } = await audit.letters.list('acme', ALL);
    expect(letters.length).toBe(before + 2);
    const junk = letters.at(-2)!;
    expect(junk).toMatchObject({ code: '', subject: '', at: null });
    await expect(router.letters.open(await router.letters.get('acme', junk))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });
});

describe('what the broker gives up', () => {
  it('becomes a dead letter, one however many workers hear of it', async () => {
    const { stream, durable } = CONSUMERS['tool-runner-default'];
    const change = { ackWaitMs: 1_000, deliverMax: 2 };
    await (await fixture.admin()).consumers.update(stream, durable, { ack_wait: 1e9, max_deliver: 2 });
    const before = (await audit.letters.list('acme', ALL)).letters.length;
    await router.publish('workTool', SUBJECT, toolWork('c_exhausted'));
    // Takes it and dies of it, twice: says nothing, settles nothing, buries nothing.
    const raw = await fixture.raw('tool-runner');
    const inbox = '_INBOX_tool_runner.crashes';
    let deliveries = 0;
    raw.subscribe(inbox, { callback: (_, msg) => void (msg.string().includes('c_exhausted') && deliveries++) });
    raw.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, JSON.stringify({ batch: 2, expires: 5e9 }), {
      reply: inbox,
    });
    await waitFor(() => deliveries === change.deliverMax, { what: 'the last delivery' });
    const workers = [
      await fixture.worker('tool-runner-default', change, async () => undefined, 1),
      await fixture.worker('tool-runner-default', change, async () => undefined, 1),
    ];
    const put = async (): Promise<boolean> => (await audit.letters.list('acme', ALL)).letters.length > before;
    await waitFor(put, { what: 'the dead letter' });
    await Promise.all(workers.map((worker) => worker.drain(500)));
    expect(workers.map((worker) => worker.stats().done)).toEqual([0, 0]);
    const { letters } = await audit.letters.list('acme', ALL);
    expect(letters).toHaveLength(before + 1);
    expect(letters.at(-1)).toMatchObject({ code: 'INTERNAL', deliveries: 2, subject: SUBJECT });
    const letter = await router.letters.get('acme', letters.at(-1)!);
    expect((await router.letters.open(letter)).body).toMatchObject({ callId: 'c_exhausted' });
  });
});
