import { describe, expect, it } from 'vitest';
import { nextLookMs, planLeases } from './lease-plan.js';

const partitions = ['00', '01', '02', '03', '04', '05', '06', '07'];
const sign = (owner: string, seenAt = 1_000) => ({ owner, revision: 1, seenAt });
const view = (leases: Record<string, ReturnType<typeof sign>>, routers: Record<string, ReturnType<typeof sign>>) => ({
  self: 'a',
  partitions,
  leases: new Map(Object.entries(leases)),
  routers: new Map(Object.entries(routers)),
  nowMs: 2_000,
  ttlMs: 3_000,
});
const held = (owner: string, names: string[], seenAt?: number) =>
  Object.fromEntries(names.map((name) => [name, sign(owner, seenAt)]));

const seen = (names: string[], revision: number | null) => names.map((partition) => ({ partition, revision }));

describe('planLeases', () => {
  it('takes everything when alone', () => {
    expect(planLeases(view({}, { a: sign('a') }))).toEqual({ renew: [], take: seen(partitions, null), giveBack: [] });
  });

  it('takes its share beside another, and leaves what another holds', () => {
    const plan = planLeases(view(held('b', partitions.slice(0, 4)), { a: sign('a'), b: sign('b') }));
    expect(plan).toEqual({ renew: [], take: seen(['04', '05', '06', '07'], null), giveBack: [] });
  });

  it('gives one back a round when another router waits', () => {
    const plan = planLeases(view(held('a', partitions), { a: sign('a'), b: sign('b') }));
    expect(plan).toEqual({ renew: seen(partitions.slice(0, 7), 1), take: [], giveBack: ['07'] });
  });

  it('takes all that a silent router held, in one round', () => {
    const leases = { ...held('a', partitions.slice(0, 4)), ...held('b', partitions.slice(4), -1_500) };
    expect(planLeases(view(leases, { a: sign('a'), b: sign('b', -1_500) })).take).toEqual(seen(partitions.slice(4), 1));
  });
});

describe('nextLookMs', () => {
  it('looks again after a third of the time, or just when a lease of another may run out', () => {
    const own = { a: sign('a', -900) };
    expect(nextLookMs(view(held('a', partitions, -900), own))).toBe(1_000);
    expect(nextLookMs(view(held('b', partitions, 1_500), own))).toBe(1_000);
    expect(nextLookMs(view(held('b', ['00'], -700), own))).toBe(320);
    expect(nextLookMs(view({}, { ...own, b: sign('b', -700) }))).toBe(320);
    expect(nextLookMs(view(held('b', ['00'], -5_000), own))).toBe(1_000);
  });
});
