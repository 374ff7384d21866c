import { Bus } from '@signalbox/bus';
import { startMesh, type TestMesh, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { planLeases } from '../lease-plan.js';
import { KvLeasesAdapter } from './kv-leases.adapter.js';

const TTL_MS = 60_000;

let mesh: TestMesh;
const buses: Bus[] = [];
beforeAll(async () => {
  mesh = await startMesh({ tenants: [] });
});
afterAll(async () => {
  await Promise.all(buses.map((bus) => bus.drain(500)));
  await mesh?.stop();
});

async function open(): Promise<KvLeasesAdapter> {
  const bus = await Bus.connect({ service: 'router', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('router') });
  buses.push(bus);
  const leases = new KvLeasesAdapter(bus);
  await leases.watch(() => undefined);
  return leases;
}

describe('leases in a bucket', () => {
  let one: KvLeasesAdapter;
  let other: KvLeasesAdapter;
  let partition = 0;
  const name = (): string => `0${partition}`;
  const owner = (leases: KvLeasesAdapter): string | undefined => leases.leases().get(name())?.owner;
  /** What a router wants of the partition that somebody holds, when that lease has run out. */
  const planned = (leases: KvLeasesAdapter) =>
    planLeases({
      self: 'one',
      partitions: [name()],
      leases: leases.leases(),
      routers: new Map(),
      nowMs: Date.now() + TTL_MS,
      ttlMs: TTL_MS,
    }).take[0]!;

  beforeAll(async () => {
    [one, other] = await Promise.all([open(), open()]);
  });
  beforeEach(() => (partition += 1));

  it('are not taken from who took them since they were looked at', async () => {
    expect(await other.hold({ partition: name(), revision: null }, 'dead')).toBe(true);
    await waitFor(() => owner(one) === 'dead', { what: 'the lease of the dead' });
    const lease = planned(one);
    expect(await other.hold(planned(other), 'other')).toBe(true);
    await waitFor(() => owner(one) === 'other', { what: 'the lease of the other' });
    expect(await one.hold(lease, 'one')).toBe(false);
    expect(owner(one)).toBe('other');
  });

  it('are not freed by who no longer has them', async () => {
    expect(await one.hold({ partition: name(), revision: null }, 'one')).toBe(true);
    const seen = { partition: name(), revision: one.leases().get(name())!.revision };
    // Before the other's word of it comes back.
    const [taken] = await Promise.all([other.hold(seen, 'other'), one.giveBack(name(), 'one')]);
    const after = taken ? 'other' : undefined;
    await waitFor(() => owner(one) === after && owner(other) === after, { what: `the lease to be ${after}’s` });
    await one.giveBack(name(), 'one');
    expect(await other.hold({ partition: name(), revision: null }, 'third')).toBe(!taken);
  });
});
