import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type SessionSaveV1, subjects, type TokenDeltaV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { testFolder, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bus } from './bus.js';
import { type Fixture, newRun, runRequest, startFixture, timerFired, toolWork } from './bus.fixture.js';
import { makeKeys } from './provision/make-keys.js';
import type { BusMessage } from './types.js';

let fixture: Fixture;
let router: Bus;
let guard: Bus;
let inference: Bus;

beforeAll(async () => {
  fixture = await startFixture();
  [router, guard, inference] = await Promise.all([
    fixture.bus('router'),
    fixture.bus('guard'),
    fixture.bus('inference'),
  ]);
});
afterAll(() => fixture.stop());

const saved = (): SessionSaveV1 => ({ ...newRun(), sessionId: 's', attempt: 0, messages: [] });
const delta = (index: number): TokenDeltaV1 => ({ step: 0, attempt: 0, index, text: `t${index}`, worker: 'w' });

describe('publish and subscribe', () => {
  it('gives a receipt from a stream, and its duplicates', async () => {
    const id = 'once';
    const first = await router.publish('workTool', subjects.workTool('T0', 'acme'), toolWork('c_1'), { id });
    const second = await router.publish('workTool', subjects.workTool('T0', 'acme'), toolWork('c_1'), { id });
    expect(first).toMatchObject({ duplicate: false });
    expect(second).toMatchObject({ seq: first?.seq, duplicate: true });
  });

  it('carries notes of core channels, and drops what is forged', async () => {
    const run = newRun();
    const seen: BusMessage<unknown>[] = [];
    const subscription = guard.subscribe('note', 'sb.v1.note.*.*', (message) => void seen.push(message));
    await fixture.settled(guard);
    const nc = await fixture.raw('router');
    const subject = subjects.note(run.tenant, run.runId);
    for (const bytes of [
      '',
      'junk',
      Buffer.from([0xff, 0xfe]),
      'sb1 run.note.v1 policy -\n{"phase":"step","seq":1}',
      'sb1 run.note.v1 router h:AA\n{"phase":"step","seq":1}',
      'sb1 run.note.v1 router -\n{"phase":"nonsense"}',
    ]) {
      nc.publish(subject, bytes);
    }
    await nc.flush();
    expect(await router.publish('note', subject, { phase: 'ended', seq: 7 })).toBeUndefined();
    await waitFor(() => seen.length === 1, { what: 'the note' });
    expect(seen[0]).toMatchObject({
      channel: 'note',
      kind: 'run.note.v1',
      author: 'router',
      tenant: 'acme',
      subject,
      body: { phase: 'ended', seq: 7 },
    });
    expect(fixture.log.lines.filter(({ message }) => message === 'a message was dropped')).toHaveLength(6);
    subscription.stop();
  });

  it('hears the live side of the token stream in order', async () => {
    const run = newRun();
    const seen: number[] = [];
    guard.subscribe('tok', subjects.live(run.tenant, run.runId), ({ body, tenant }) => {
      expect(tenant).toBe('acme');
      seen.push(body.index);
    });
    await fixture.settled(guard);
    await Promise.all(
      Array.from({ length: 300 }, (_, n) => inference.publish('tok', subjects.tok(run.tenant, run.runId), delta(n))),
    );
    await waitFor(() => seen.length === 300, { what: 'all deltas' });
    expect(seen).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('refuses to hear what is not heard that way', () => {
    expect(() => guard.subscribe('run', 'sb.v1.run.*.*.*', () => undefined)).toThrow('cannot be heard');
    expect(() => guard.subscribe('note', 'sb.v1.>', () => undefined)).toThrow('cannot be heard');
    expect(() => guard.subscribe('tok', 'sb.v1.tok.*.*', () => undefined)).toThrow('cannot be heard');
  });

  it('says what the broker forbids', async () => {
    await expect(guard.publish('tok', subjects.tok('acme', newRun().runId), delta(0))).rejects.toMatchObject({
      code: 'BUS_FORBIDDEN',
    });
    const nobody = subjects.svc('guard', 'deposit', 'acme');
    const asked = guard.request(
      'vaultDeposit',
      nobody,
      { tenant: 'acme', items: [{ token: 't', sealed: 's' }] },
      { timeoutMs: 2_000 },
    );
    await expect(asked).rejects.toMatchObject({ code: 'BUS_FORBIDDEN' });
    const nc = await fixture.raw('guard');
    await expect(nc.request(subjects.tok('acme', newRun().runId), 'x', { timeout: 2_000 })).rejects.toThrow(
      'Permissions Violation',
    );
  });

  it('refuses a message above what the bus carries, and one for the other account', async () => {
    const gateway = await fixture.bus('gateway', 'GATE');
    await expect(
      gateway.publish('inRun', subjects.in('acme', 'run'), runRequest('x'.repeat(999_999).concat('y'))),
    ).resolves.toBeDefined();
    const three = {
      ...runRequest('x'),
      input: Array.from({ length: 3 }, () => ({ role: 'user' as const, content: 'x'.repeat(500_000) })),
    };
    await expect(gateway.publish('inRun', subjects.in('acme', 'run'), three)).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
    await expect(router.publish('inRun', subjects.in('acme', 'run'), runRequest('x'))).rejects.toMatchObject({
      code: 'INTERNAL',
    });
  });

  it('does not log in with a key the server does not know', async () => {
    const folder = testFolder('other-keys');
    makeKeys(folder, ['acme']);
    const options = { service: 'router', account: 'CORE', url: fixture.mesh.url } as const;
    await expect(Bus.connect({ ...options, keysDir: join(folder, 'router') })).rejects.toMatchObject({
      code: 'BUS_FORBIDDEN',
    });
    await expect(Bus.connect({ ...options, keysDir: join(folder, 'audit-nobody') })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    rmSync(folder, { recursive: true });
  });

  it('waits for a server that is not there yet', async () => {
    await fixture.mesh.kill();
    const connecting = fixture.bus('audit');
    await waitFor(() => fixture.log.has('the bus cannot be reached yet'), { what: 'a complaint' });
    await fixture.mesh.restart();
    expect(await (await connecting).health()).toEqual({ ok: true });
  });

  it('knows its server', () => {
    expect(router.capabilities.atLeast(2, 9)).toBe(true);
    expect(router.capabilities.atLeast(99, 0)).toBe(false);
    expect(router.capabilities.maxPayloadBytes).toBe(1_048_576);
  });
});

describe('a bus that is drained', () => {
  it('sends what is out, ends its readers and watches, and then refuses', async () => {
    const bus = await fixture.bus('router');
    const run = newRun('drained');
    const signal = new AbortController().signal;
    const reader = bus.journal.follow(run.partition, { fromSeq: 1, signal, onEntry: () => undefined });
    const watch = (await bus.bucket('policy')).watch('>', () => undefined);
    await watch.ready;
    const appends = Array.from({ length: 50 }, () => bus.journal.append(run, 'timer.fired.v1', timerFired('last')));
    await new Promise((resolve) => setImmediate(resolve));
    await bus.drain(5_000);
    expect(await Promise.all(appends)).toHaveLength(50);
    await reader.closed;
    expect(await bus.health()).toMatchObject({ ok: false });
    const note = subjects.note(run.tenant, run.runId);
    const codes = await Promise.all(
      [
        bus.publish('note', note, { phase: 'step', seq: 1 }),
        bus.journal.append(run, 'timer.fired.v1', timerFired('late')),
        bus.request('sessionSave', subjects.svc('memory', 'save', 'acme'), saved(), { timeoutMs: 500 }),
      ].map((late) =>
        late.then(
          () => 'done',
          (error: unknown) => (error instanceof MeshError ? error.code : error),
        ),
      ),
    );
    expect(codes).toEqual(['BUS_UNAVAILABLE', 'BUS_UNAVAILABLE', 'BUS_UNAVAILABLE']);
    await bus.drain(1_000);
  });
});

describe('a bucket', () => {
  it('keeps, compares, deletes', async () => {
    const memory = await fixture.bus('memory');
    const bucket = await memory.bucket('sessions');
    expect(await bucket.get('acme.s1')).toBeNull();
    const first = await bucket.create('acme.s1', 'one');
    await expect(bucket.create('acme.s1', 'two')).rejects.toMatchObject({ code: 'CONFLICT' });
    const second = await bucket.update('acme.s1', 'two', first);
    await expect(bucket.update('acme.s1', 'three', first)).rejects.toMatchObject({
      code: 'SEQUENCE_CONFLICT',
      details: { lastSeq: second },
    });
    const entry = await bucket.get('acme.s1');
    expect([Buffer.from(entry!.value).toString(), entry!.revision]).toEqual(['two', second]);
    await bucket.delete('acme.s1');
    expect(await bucket.get('acme.s1')).toBeNull();
    const again = await bucket.create('acme.s1', 'three');
    expect(again).toBeGreaterThan(second);
    expect(await bucket.put('acme.s1', 'four')).toBeGreaterThan(again);
  });

  it('refuses keys that are patterns, and values that are too large', async () => {
    const bucket = await (await fixture.bus('memory')).bucket('sessions');
    for (const key of ['', 'a.*', '>', 'a b', '.a', 'a..b', 'ä'])
      await expect(bucket.put(key, 'x')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(bucket.put('acme.big', new Uint8Array(1_048_576))).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
  });

  it('increments without loss under contention', async () => {
    const buses = await Promise.all([fixture.bus('memory'), fixture.bus('memory')]);
    const buckets = await Promise.all(buses.map((bus) => bus.bucket('sessions')));
    await buckets[0]!.put('acme.count', '0');
    await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        for (let done = 0; done < 10;) {
          const entry = await buckets[n % 2]!.get('acme.count');
          const next = Number(Buffer.from(entry!.value).toString()) + 1;
          done += await buckets[n % 2]!.update('acme.count', String(next), entry!.revision).then(
            () => 1,
            () => 0,
          );
        }
      }),
    );
    expect(Buffer.from((await buckets[0]!.get('acme.count'))!.value).toString()).toBe('80');
  });

  it('is watched: what is there first, then what changes, also over a restart of the server', async () => {
    const policy = await fixture.bus('policy');
    const bucket = await policy.bucket('policy');
    await bucket.put('acme.bundle', 'a1');
    await bucket.put('globex.bundle', 'g1');
    await bucket.put('acme.bundle', 'a2');
    const seen: string[] = [];
    const watch = (await guard.bucket('policy')).watch('*.bundle', ({ key, value }) => {
      seen.push(`${key}=${value === null ? 'gone' : Buffer.from(value).toString()}`);
      if (key === 'globex.bundle') throw new Error('a watcher that fails stops nothing');
    });
    await watch.ready;
    expect(seen.toSorted()).toEqual(['acme.bundle=a2', 'globex.bundle=g1']);
    await bucket.put('acme.bundle', 'a3');
    await waitFor(() => seen.includes('acme.bundle=a3'), { what: 'a change' });
    await fixture.mesh.kill();
    await fixture.mesh.restart();
    await bucket.put('acme.bundle', 'a4');
    await bucket.delete('globex.bundle');
    await waitFor(() => seen.at(-1) === 'globex.bundle=gone', { what: 'changes after the restart' });
    expect(seen.slice(-2)).toEqual(['acme.bundle=a4', 'globex.bundle=gone']);
    watch.stop();
  });

  it('is empty and ready at once when nothing is in it', async () => {
    const watch = (await router.bucket('checkpoints')).watch('>', () => undefined);
    await watch.ready;
    watch.stop();
  });
});
