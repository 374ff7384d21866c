import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CHANNELS, type ClaimV1, partitionStream, subjects } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bus } from './bus.js';
import {
  cancelRequested,
  decision,
  type Fixture,
  newRun,
  sessionLoaded,
  startFixture,
  TENANT,
  timerFired,
  timerOf,
} from './bus.fixture.js';
import { envelopeHeaders, messageId } from './envelope.js';
import { encodeFrame } from './frame.js';
import type { RawEntry, RunRef } from './types.js';

let fixture: Fixture;
let router: Bus;
let guard: Bus;
let memory: Bus;
let audit: Bus;

beforeAll(async () => {
  fixture = await startFixture();
  [router, guard, memory, audit] = await Promise.all([
    fixture.bus('router'),
    fixture.bus('guard'),
    fixture.bus('memory'),
    fixture.bus('audit'),
  ]);
});
afterAll(() => fixture.stop());

describe('append', () => {
  it('stores facts of several authors and reads them back checked', async () => {
    const run = newRun();
    const first = await guard.journal.append(run, 'run.cancel-requested.v1', cancelRequested('enough'));
    const second = await memory.journal.append(run, 'session.loaded.v1', sessionLoaded(10));
    const third = await router.journal.append(run, 'timer.fired.v1', timerFired('wall'));
    const entries = await router.journal.read(run);
    expect(entries.map(({ seq, entry, seal }) => [seq, entry?.kind, entry?.author, seal])).toEqual([
      [first.seq, 'run.cancel-requested.v1', 'guard', 'verified'],
      [second.seq, 'session.loaded.v1', 'memory', 'verified'],
      [third.seq, 'timer.fired.v1', 'router', 'verified'],
    ]);
    expect(entries.map((entry) => Buffer.from(entry.bytes))).toEqual(
      [first, second, third].map(({ bytes }) => Buffer.from(bytes)),
    );
    expect(entries[0]).toMatchObject({
      tenant: run.tenant,
      runId: run.runId,
      subject: subjects.run(run.tenant, run.runId),
    });
  });

  it('reads a part, the last entry, and nothing', async () => {
    const run = newRun();
    expect(await router.journal.last(run)).toBeNull();
    expect(await router.journal.read(run)).toEqual([]);
    const seqs: number[] = [];
    for (const timer of ['a', 'b', 'c', 'd'])
      seqs.push((await router.journal.append(run, 'timer.fired.v1', timerFired(timer))).seq);
    const part = await router.journal.read(run, { fromSeq: seqs[1]!, untilSeq: seqs[2]! });
    expect(part.map(({ seq }) => seq)).toEqual([seqs[1], seqs[2]]);
    expect((await router.journal.last(run))?.seq).toBe(seqs[3]);
  });

  it('tells a reader without the key that a seal is unchecked', async () => {
    const run = newRun();
    await guard.journal.append(run, 'run.cancel-requested.v1', cancelRequested('enough'));
    await router.journal.append(run, 'timer.fired.v1', timerFired('wall'));
    const entries = await audit.journal.read(run);
    expect(entries.map(({ seal, entry }) => [seal, entry?.kind])).toEqual([
      ['verified', 'run.cancel-requested.v1'],
      ['unchecked', 'timer.fired.v1'],
    ]);
  });

  it('tells on a diagnostics channel what it appended', async () => {
    const run = newRun();
    const told: unknown[] = [];
    const listener = (message: unknown): void => void told.push(message);
    subscribe('signalbox.journal.appended', listener);
    const { seq } = await router.journal.append(run, 'timer.fired.v1', timerFired('wall'));
    unsubscribe('signalbox.journal.appended', listener);
    const body: unknown = expect.objectContaining({ timer: 'wall' });
    expect(told).toEqual([{ kind: 'timer.fired.v1', tenant: run.tenant, runId: run.runId, body, seq }]);
  });

  it('refuses a kind that is not its own to write', async () => {
    await expect(
      router.journal.append(newRun(), 'run.cancel-requested.v1', cancelRequested('no')),
    ).rejects.toMatchObject({ code: 'BUS_FORBIDDEN' });
  });

  it('lands a decision only on what its author has read', async () => {
    const run = newRun();
    const first = await router.journal.append(run, 'decision.v1', decision('one'), { expectLastSeq: 0 });
    await expect(
      router.journal.append(run, 'decision.v1', decision('again'), { expectLastSeq: 0 }),
    ).rejects.toMatchObject({
      code: 'SEQUENCE_CONFLICT',
      details: { lastSeq: first.seq },
    });
    const fact = await guard.journal.append(run, 'run.cancel-requested.v1', cancelRequested('enough'));
    await expect(
      router.journal.append(run, 'decision.v1', decision('two'), { expectLastSeq: first.seq }),
    ).rejects.toMatchObject({
      code: 'SEQUENCE_CONFLICT',
      details: { lastSeq: fact.seq },
    });
    await router.journal.append(run, 'decision.v1', decision('two'), { expectLastSeq: fact.seq });
    expect((await router.journal.read(run)).map(({ entry }) => entry?.kind)).toEqual([
      'decision.v1',
      'run.cancel-requested.v1',
      'decision.v1',
    ]);
  });

  it('lets one of many win', async () => {
    const run = newRun();
    const tries = Array.from({ length: 20 }, (_, n) =>
      router.journal.append(run, 'decision.v1', decision(`try ${n}`), { expectLastSeq: 0 }),
    );
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await router.journal.read(run)).toHaveLength(1);
  });

  it('stores a fact once per id', async () => {
    const run = newRun();
    const first = await router.journal.append(run, 'timer.fired.v1', timerFired('wall'), { id: 'the-id' });
    const second = await router.journal.append(run, 'timer.fired.v1', timerFired('wall'), { id: 'the-id' });
    expect(first.duplicate).toBe(false);
    expect(second).toMatchObject({ seq: first.seq, duplicate: true });
    expect(await router.journal.read(run)).toHaveLength(1);
  });

  it('appends all the same when somebody has used up its id', async () => {
    const run = newRun();
    const victim = newRun();
    const nc = await fixture.raw('router');
    const { head } = envelopeHeaders('router', { kind: 'timer.fired.v1' });
    head.set('Nats-Msg-Id', messageId(fixture.keys('memory'), subjects.run(victim.tenant, victim.runId), 'poisoned'));
    await nc.request(subjects.run(run.tenant, run.runId), 'junk', { headers: head.forClient(), timeout: 2_000 });
    expect(run.partition).toBe(victim.partition);
    const stored = await memory.journal.append(victim, 'session.loaded.v1', sessionLoaded(10), { id: 'poisoned' });
    expect(stored.duplicate).toBe(false);
    expect(await memory.journal.read(victim)).toMatchObject([{ seq: stored.seq, seal: 'verified' }]);
  });

  it('carries large bodies by claim', async () => {
    const run = newRun();
    const body = sessionLoaded(600_000);
    const stored = await memory.journal.append(run, 'session.loaded.v1', body);
    expect(stored.bytes.length).toBeLessThan(1_000);
    const [entry] = await router.journal.read(run);
    expect(entry).toMatchObject({ seal: 'verified', isClaimed: true, entry: { kind: 'session.loaded.v1' } });
    expect(entry?.entry?.body).toEqual(body);
    expect(entry?.claimed).toEqual(body);
  });

  it('names large bodies by their run, and by its tenant alone for readers of release 0.1: those stay in the store', async () => {
    const keysDir = fixture.mesh.keysDir('memory');
    const options = { service: 'memory', account: 'CORE', url: fixture.mesh.url, keysDir, bodiesByRun: false } as const;
    const earlier = await Bus.connect(options);
    const named = async (run: RunRef, by: Bus): Promise<string> => {
      const { bytes } = await by.journal.append(run, 'session.loaded.v1', sessionLoaded(300_000));
      const { $claim } = JSON.parse(Buffer.from(bytes).toString().split('\n')[1]!) as ClaimV1;
      return $claim.name.replace($claim.sha256, 'sha');
    };
    const run = newRun();
    expect(await named(run, earlier)).toBe(`${TENANT}/sha`);
    // Other runs may have the same one.
    const archivist = await fixture.bus('archivist');
    await archivist.journal.removeBodies(run, await router.journal.read(run));
    expect(await named(run, memory)).toBe(`${TENANT}/${run.runId}/sha`);
    expect((await router.journal.read(run)).map(({ entry }) => entry?.kind)).toEqual(
      Array(2).fill('session.loaded.v1'),
    );
    await earlier.drain(500);
  });

  it('keeps the claimed body of a packed decision as it was written', async () => {
    const run = newRun();
    const { events, ...rest } = decision('y'.repeat(500));
    const made = { ...rest, events: Array.from({ length: 256 }, () => events[0]!) };
    const stored = await router.journal.append(run, 'decision.v1', made);
    const { $claim } = JSON.parse(Buffer.from(stored.bytes).toString().split('\n')[1]!) as ClaimV1;
    const [entry] = await audit.journal.read(run);
    expect(entry).toMatchObject({ isClaimed: true, entry: { kind: 'decision.v1', body: made } });
    expect(sha256Hex(JSON.stringify(entry?.claimed))).toBe($claim.sha256);
    expect(entry?.claimed).toHaveProperty('pieces');
  });

  it('notices an object that was replaced', async () => {
    const run = newRun();
    const stored = await memory.journal.append(run, 'session.loaded.v1', sessionLoaded(300_000));
    const { $claim } = JSON.parse(Buffer.from(stored.bytes).toString().split('\n')[1]!) as ClaimV1;
    const nc = await fixture.raw('inference');
    const other = Buffer.alloc($claim.bytes, 'x');
    const head = {
      bucket: 'journals',
      name: $claim.name,
      nuid: 'evil',
      size: other.length,
      chunks: 1,
      digest: '',
      mtime: new Date().toISOString(),
    };
    await nc.request('$O.journals.C.evil', other, { timeout: 2_000 });
    const name = Buffer.from($claim.name).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
    await nc.request(`$O.journals.M.${name}`, JSON.stringify(head), { timeout: 2_000 });
    const [entry] = await router.journal.read(run);
    expect(entry).toMatchObject({ entry: null, isClaimed: true, fault: { code: 'SEAL_INVALID' } });
    expect(entry).not.toHaveProperty('claimed');
  });

  it('refuses what is too large even for a claim', async () => {
    await expect(
      memory.journal.append(newRun(), 'session.loaded.v1', sessionLoaded(17 * 1_048_576)),
    ).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('reads thousands of entries', async () => {
    const run = newRun();
    await Promise.all(
      Array.from({ length: 1_500 }, (_, n) => router.journal.append(run, 'timer.fired.v1', timerFired(`t${n}`))),
    );
    const entries = await router.journal.read(run);
    expect(new Set(entries.map(({ entry }) => timerOf(entry))).size).toBe(1_500);
    expect(entries).toHaveLength(1_500);
    const [from, until] = [entries[300]!.seq, entries[899]!.seq];
    const part = await router.journal.read(run, { fromSeq: from, untilSeq: until });
    expect(part.map(({ seq }) => seq)).toEqual(entries.slice(300, 900).map(({ seq }) => seq));
  });
});

describe('what others store', () => {
  it('is handed over with its fault and stops nobody', async () => {
    const run = newRun('hostile');
    const subject = subjects.run(run.tenant, run.runId);
    const nc = await fixture.raw('inference');
    const keys = fixture.keys('inference');
    const json = Buffer.from(JSON.stringify(timerFired('wall')));
    const forged = [
      ['junk', 'REQUEST_MALFORMED'],
      [Buffer.from([0xff, 0xfe, 0x00]), 'REQUEST_MALFORMED'],
      ['', 'REQUEST_MALFORMED'],
      [encodeFrame(subject, 'timer.fired.v1', 'inference', json, CHANNELS.run.seal, keys), 'SEAL_INVALID'],
      [`sb1 timer.fired.v1 router -\n${json}`, 'SEAL_INVALID'],
      [`sb1 timer.fired.v1 router h:AAAA\n${json}`, 'SEAL_INVALID'],
      [`sb1 run.cancel-requested.v1 guard e:AAAA\n{}`, 'SEAL_INVALID'],
      [encodeFrame(subject, 'something.new.v9', 'inference', json, CHANNELS.run.seal, keys), 'RUN_QUARANTINED'],
      [encodeFrame(subject, 'model.failed.v1', 'inference', json, CHANNELS.run.seal, keys), 'RUN_QUARANTINED'],
      [
        encodeFrame(subject, 'model.failed.v1', 'inference', Buffer.from([0x22, 0xff, 0x22]), CHANNELS.run.seal, keys),
        'REQUEST_MALFORMED',
      ],
      [
        encodeFrame(
          'sb.v1.run.00.acme.elsewhere',
          'model.failed.v1',
          'inference',
          Buffer.from('{}'),
          CHANNELS.run.seal,
          keys,
        ),
        'SEAL_INVALID',
      ],
      [
        encodeFrame(
          subject,
          'model.failed.v1',
          'inference',
          Buffer.from(`{"$claim":{"name":"globex/${'0'.repeat(64)}","sha256":"${'0'.repeat(64)}","bytes":1}}`),
          CHANNELS.run.seal,
          keys,
        ),
        'SEAL_INVALID',
      ],
    ] as const;
    for (const [bytes] of forged) await nc.request(subject, bytes, { timeout: 2_000 });
    await router.journal.append(run, 'timer.fired.v1', timerFired('real'));
    const entries = await router.journal.read(run);
    expect(entries.map(({ fault }) => fault?.code)).toEqual([...forged.map(([, code]) => code), undefined]);
    expect(entries.slice(0, -1).every(({ entry }) => entry === null)).toBe(true);
    expect(entries.at(-1)).toMatchObject({ seal: 'verified', entry: { kind: 'timer.fired.v1' } });
  });
});

describe('follow', () => {
  it('hands over what is there and what comes, in order, waiting for each', async () => {
    const run = newRun('followed');
    for (const timer of ['0', '1', '2']) await router.journal.append(run, 'timer.fired.v1', timerFired(timer));
    const seen: RawEntry[] = [];
    const stop = new AbortController();
    let inside = 0;
    const reader = memory.journal.follow(run.partition, {
      fromSeq: 1,
      signal: stop.signal,
      onEntry: async (entry) => {
        expect(++inside).toBe(1);
        await Promise.resolve();
        if (entry.runId === run.runId) seen.push(entry);
        inside--;
      },
    });
    await reader.caughtUp;
    expect(seen).toHaveLength(3);
    for (const timer of ['3', '4']) await router.journal.append(run, 'timer.fired.v1', timerFired(timer));
    await waitFor(() => seen.length === 5, { what: 'five entries' });
    // Memory holds no key for what the router says to itself.
    expect(seen.map(({ entry, seal }) => [timerOf(entry), seal])).toEqual(
      ['0', '1', '2', '3', '4'].map((timer) => [timer, 'unchecked']),
    );
    expect(reader.lastSeq()).toBe((await memory.journal.size(run.partition)).lastSeq);
    stop.abort();
    await reader.closed;
  });

  it('leaves out what the reader says it knows, and counts it as read', async () => {
    const run = newRun('known');
    const { lastSeq } = await router.journal.size(run.partition);
    for (const timer of ['0', '1', '2', '3']) await router.journal.append(run, 'timer.fired.v1', timerFired(timer));
    const asked: number[] = [];
    const seen: number[] = [];
    const stop = new AbortController();
    const reader = router.journal.follow(run.partition, {
      fromSeq: lastSeq + 1,
      signal: stop.signal,
      isKnown: (seq) => asked.push(seq) % 2 === 0,
      onEntry: ({ seq }) => void seen.push(seq),
    });
    await reader.caughtUp;
    expect(asked).toEqual([1, 2, 3, 4].map((n) => lastSeq + n));
    expect(seen).toEqual([1, 3].map((n) => lastSeq + n));
    expect(reader.lastSeq()).toBe(lastSeq + 4);
    stop.abort();
    await reader.closed;
  });

  it('goes on in order when its consumer is deleted again and again', async () => {
    const run = newRun('deleted');
    const stream = partitionStream(run.partition);
    const admin = await fixture.admin();
    const seen: number[] = [];
    const stop = new AbortController();
    const { lastSeq } = await router.journal.size(run.partition);
    const reader = router.journal.follow(run.partition, {
      fromSeq: lastSeq + 1,
      signal: stop.signal,
      onEntry: ({ seq }) => void seen.push(seq),
    });
    const expected: number[] = [];
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 50; n++)
        expected.push((await router.journal.append(run, 'timer.fired.v1', timerFired(`${round}-${n}`))).seq);
      for await (const { name } of admin.consumers.list(stream)) await admin.consumers.delete(stream, name);
    }
    await waitFor(() => seen.length >= expected.length, { what: 'all entries' });
    expect(seen).toEqual(expected);
    stop.abort();
    await reader.closed;
  });

  it('stops with a fault when the stream is shorter than what was read', async () => {
    const run = newRun('short');
    await router.journal.append(run, 'timer.fired.v1', timerFired('only'));
    const { lastSeq } = await router.journal.size(run.partition);
    const faults: string[] = [];
    const reader = router.journal.follow(run.partition, {
      fromSeq: lastSeq + 100,
      signal: new AbortController().signal,
      onEntry: () => undefined,
      onFault: (fault) => faults.push(fault.message),
    });
    await reader.closed;
    expect(faults).toEqual([expect.stringContaining('lost its tail')]);
  });
});

const OLD_SERVER = resolve(import.meta.dirname, '../../../.cache/nats/2.10.27/nats-server');

describe('a server whose direct reads give one message each', () => {
  it.skipIf(!existsSync(OLD_SERVER))('is read with consumers', async () => {
    const old = await startFixture({ binary: OLD_SERVER });
    try {
      const [writer, reader] = await Promise.all([old.bus('router'), old.bus('audit')]);
      const run = newRun();
      const seqs: number[] = [];
      for (let n = 0; n < 300; n++)
        seqs.push((await writer.journal.append(run, 'timer.fired.v1', timerFired(`t${n}`))).seq);
      expect((await reader.journal.read(run)).map(({ seq }) => seq)).toEqual(seqs);
      const part = await reader.journal.read(run, { fromSeq: seqs[10]!, untilSeq: seqs[20]! });
      expect(part.map(({ seq }) => seq)).toEqual(seqs.slice(10, 21));
      expect(await reader.journal.read(newRun())).toEqual([]);
    } finally {
      await old.stop();
    }
  });
});
