import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type AccountName, type ConsumerName, CONSUMERS, type ServiceName, subjects } from '@signalbox/contracts';
import type { MeshError } from '@signalbox/kernel';
import { testFolder, waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from './bus.js';
import {
  type Fixture,
  inferWork,
  newRun,
  runRequest,
  startFixture,
  TENANT,
  timerFired,
  timerOf,
  toolWork,
} from './bus.fixture.js';
import { provision } from './provision/index.js';
import type { RunRef } from './types.js';

describe('a store that came back older than it was', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await startFixture();
  });
  afterEach(() => fixture.stop());

  it.each([
    { what: 'shorter', grown: 0 },
    { what: 'grown again beyond the old end', grown: 9 },
  ])('is seen by whoever read on: $what', async ({ grown }) => {
    const [router, memory] = await Promise.all([fixture.bus('router'), fixture.bus('memory')]);
    const run = newRun('older');
    const append = (timer: string): Promise<unknown> =>
      router.journal.append(run as RunRef, 'timer.fired.v1', timerFired(timer));
    await append('kept');
    const restore = await fixture.mesh.nats.copyStore();
    await append('lost 1');
    await append('lost 2');
    const seen: (string | undefined)[] = [];
    const faults: MeshError[] = [];
    // Reads a while behind: it must notice when it connects again.
    const stop = new AbortController();
    const reader = memory.journal.follow(run.partition, {
      fromSeq: 1,
      signal: stop.signal,
      onEntry: ({ entry }) => void seen.push(timerOf(entry)),
      onFault: (fault) => void faults.push(fault),
    });
    await waitFor(() => seen.length === 3, { what: 'all is read' });
    await restore();
    await Promise.all(Array.from({ length: grown }, (_, n) => append(`new ${n}`)));
    await reader.closed;
    stop.abort();
    expect(faults.map(({ code }) => code)).toEqual(['JOURNAL_CUT']);
    expect(seen).toEqual(['kept', 'lost 1', 'lost 2']);
  });

  const durables: { name: ConsumerName; from: ServiceName; to: ServiceName; send: Send }[] = [
    { name: 'guard-in', from: 'gateway', to: 'guard', send: sendRequest },
    { name: 'inference-default', from: 'router', to: 'inference', send: sendModelCall },
    { name: 'tool-runner-default', from: 'router', to: 'tool-runner', send: sendToolCall },
    { name: 'audit-notes', from: 'policy', to: 'audit', send: sendNote },
  ];
  it.each(durables)(
    'keeps new messages from $name until it is mended, workers or not',
    async ({ name, from, to, send }) => {
      const { stream, durable, account } = CONSUMERS[name];
      const { mesh } = fixture;
      const heard: string[] = [];
      const [sender, worker] = [await fixture.bus(from, account), await fixture.bus(to, account)];
      await worker.work(name, async (message) => void heard.push(message.id ?? ''), { concurrency: 1 });
      const say = (id: string): Promise<unknown> => send(sender, id);
      await say('first');
      await waitFor(() => heard.length === 1, { what: 'the first is heard' });
      const loseTail = await copyMessages(account, stream);
      for (let n = 0; n < 5; n++) await say(`lost ${n}`);
      await waitFor(() => heard.length === 6, { what: 'all are heard' });
      await loseTail();

      const admin = await fixture.admin(account);
      const [{ delivered }, { state }] = [
        await admin.consumers.info(stream, durable),
        await admin.streams.info(stream),
      ];
      // Seen on 2.10. 2.15 sets its durables back itself, and there is nothing to mend.
      const passesOver = !worker.capabilities.atLeast(2, 11);
      expect([delivered.stream_seq, state.last_seq]).toEqual([passesOver ? 6 : 1, 1]);
      await say('passed over');
      await waitFor(async () => (await worker.health()).ok, { what: 'the worker to be back' });
      if (passesOver) expect((await admin.consumers.info(stream, durable)).num_pending).toBe(0);
      else await waitFor(() => heard.includes('passed over'), { what: 'the first new one is heard' });

      const { items } = await provision({ url: mesh.url, keysDir: mesh.keysRoot });
      const renewed = { account, kind: 'consumer', name: durable, outcome: 'renewed' };
      expect(items.filter(({ outcome }) => outcome !== 'unchanged')).toMatchObject(passesOver ? [renewed] : []);
      await say('new');
      await waitFor(() => heard.includes('new'), { what: 'the new one is heard' });
      expect(heard).toContain('passed over');
    },
  );

  /** Copies the messages of a stream; what it gives puts them back, and them alone: what a power cut leaves. */
  async function copyMessages(account: AccountName, stream: string): Promise<() => Promise<void>> {
    const { nats } = fixture.mesh;
    const messages = join(nats.storeDir, 'jetstream', account, 'streams', stream, 'msgs');
    const copy = testFolder('older-messages');
    await nats.kill();
    cpSync(messages, copy, { recursive: true });
    await nats.restart();
    return async () => {
      // In order, so that its durables are stored as they are.
      await nats.halt();
      rmSync(messages, { recursive: true });
      cpSync(copy, messages, { recursive: true });
      await nats.restart();
    };
  }
});

type Send = (bus: Bus, id: string) => Promise<unknown>;

function sendRequest(bus: Bus, id: string): Promise<unknown> {
  return bus.publish('inRun', subjects.in(TENANT, 'run'), runRequest(id), { id });
}

function sendModelCall(bus: Bus, id: string): Promise<unknown> {
  return bus.publish('workInfer', subjects.workInfer('default', TENANT), inferWork(), { id });
}

function sendToolCall(bus: Bus, id: string): Promise<unknown> {
  return bus.publish('workTool', subjects.workTool('T0', TENANT), toolWork('call_1_0'), { id });
}

function sendNote(bus: Bus, id: string): Promise<unknown> {
  const note = { kind: 'test', service: 'policy', facts: { id }, at: 1 };
  return bus.publish('audit', subjects.audit(TENANT, 'test'), note, { id });
}
