import { CONSUMERS, WAYS_IN } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fixture, newRun, runRequest, startFixture, TENANT } from '../bus.fixture.js';
import { provision } from './index.js';

describe('the ways in', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.stop());

  it('take the place of the one that older releases had, and all that it held', async () => {
    const { stream, durable } = CONSUMERS['guard-in'];
    const added = WAYS_IN.filter((way) => way !== durable);
    const admin = await fixture.admin('GATE');
    for (const way of added) await admin.consumers.delete(stream, way);
    await admin.consumers.update(stream, durable, { filter_subject: 'sb.v1.in.*.*' });
    const gateway = await fixture.bus('gateway', 'GATE');
    const cancel = { keyDigest: '0'.repeat(64), requestId: newRequestId(), runId: newRun().runId, reason: '' };
    await gateway.publish('inRun', `sb.v1.in.${TENANT}.run`, runRequest('hello'));
    await gateway.publish('inCancel', `sb.v1.in.${TENANT}.cancel`, cancel);
    // Both are with a guard that ends before it has handled them.
    let taken = 0;
    const old = await fixture.worker('guard-in', {}, () => new Promise(() => void taken++), 4);
    await waitFor(() => taken === 2, { what: 'both to be taken' });

    const { items } = await provision({ url: fixture.mesh.url, keysDir: fixture.mesh.keysRoot });
    await old.drain(0);
    const ways = items.filter(({ name }) => (WAYS_IN as readonly string[]).includes(name));
    expect(ways.map(({ name, outcome, changed }) => [name, outcome, changed])).toEqual([
      [durable, 'updated', ['filter_subject']],
      ...added.map((way) => [way, 'created', []]),
    ]);
    const seen = new Set<string>();
    const guard = await fixture.bus('guard', 'GATE');
    for (const way of WAYS_IN) await guard.work(way, async ({ channel }) => void seen.add(channel), { concurrency: 1 });
    await waitFor(async () => (await admin.streams.info(stream)).state.messages === 0, { what: 'all to be handled' });
    expect([...seen].toSorted()).toEqual(['inCancel', 'inRun']);
    const held = async (): Promise<number> => (await fixture.mesh.work('guard-in')).taken;
    await waitFor(async () => (await held()) === 0, { what: 'nothing to be held' });
  });
});
