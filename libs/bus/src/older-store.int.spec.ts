import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CONSUMERS, subjects } from '@signalbox/contracts';
import type { MeshError } from '@signalbox/kernel';
import { testFolder, waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fixture, newRun, startFixture, TENANT, timerFired, timerOf } from './bus.fixture.js';
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

  it('does not keep its durables from new messages', async () => {
    const { stream, durable } = CONSUMERS['audit-notes'];
    const policy = await fixture.bus('policy');
    const audit = await fixture.bus('audit');
    const say = (id: string): Promise<unknown> =>
      policy.publish(
        'audit',
        subjects.audit(TENANT, 'test'),
        { kind: 'test', service: 'policy', facts: { id }, at: 1 },
        { id },
      );
    const heard: string[] = [];
    await audit.work(
      'audit-notes',
      async ({ body }) => void heard.push(String((body as { facts: { id: string } }).facts.id)),
      { concurrency: 1 },
    );
    await say('first');
    await waitFor(() => heard.length === 1, { what: 'the first is heard' });
    // Its messages alone come back older: what a power cut leaves.
    const { nats } = fixture.mesh;
    const messages = join(nats.storeDir, 'jetstream', 'CORE', 'streams', stream, 'msgs');
    const copy = testFolder('older-messages');
    await nats.kill();
    cpSync(messages, copy, { recursive: true });
    await nats.restart();
    for (let n = 0; n < 5; n++) await say(`lost ${n}`);
    await waitFor(() => heard.length === 6, { what: 'all are heard' });
    await nats.kill();
    rmSync(messages, { recursive: true });
    cpSync(copy, messages, { recursive: true });
    await nats.restart();
    await provision({ url: fixture.mesh.url, keysDir: fixture.mesh.keysRoot });
    const info = await (await fixture.admin()).consumers.info(stream, durable);
    expect(info.delivered.stream_seq).toBeLessThanOrEqual(6);
    await say('new');
    await waitFor(() => heard.includes('new'), { what: 'the new one is heard' });
  });
});
