import { PRIORITIES, type Priority } from '@signalbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COST_TOKENS_MAX, FairQueue, QUANTUM_TOKENS } from './fair-queue.js';

interface Item {
  tenant: string;
  priority: Priority;
  costTokens: number;
  weight: number;
  n: number;
}

const tenants = ['a', 'b', 'c', 'd'];
/** A tenant's weight follows from its name, as from its policy. */
const weightOf = (tenant: string): number => tenants.indexOf(tenant) + 1;
const item = fc
  .record({
    tenant: fc.constantFrom(...tenants),
    priority: fc.constantFrom(...PRIORITIES),
    costTokens: fc.integer({ min: 1, max: 2 * COST_TOKENS_MAX }),
  })
  .map((made): Item => ({ ...made, weight: weightOf(made.tenant), n: 0 }));
const clamped = ({ costTokens }: Item): number => Math.min(costTokens, COST_TOKENS_MAX);

const fill = (items: readonly Item[]): FairQueue<Item> => {
  const queue = new FairQueue<Item>();
  items.forEach((one, n) => {
    one.n = n;
    queue.add(one, one);
  });
  return queue;
};
const drain = (queue: FairQueue<Item>): Item[] => {
  const taken: Item[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next);
  return taken;
};

describe('FairQueue', () => {
  it('gives back everything exactly once, and nothing that was taken out', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 200 }), fc.array(fc.nat(199)), (items, removals) => {
        const queue = fill(items);
        const gone = new Set(removals.flatMap((at) => items[at] ?? []));
        for (const one of gone) expect(queue.delete(one)).toBe(true);
        for (const one of gone) expect(queue.delete(one)).toBe(false);
        expect(queue.size).toBe(items.length - gone.size);
        const taken = drain(queue);
        expect(new Set(taken)).toEqual(new Set(items.filter((one) => !gone.has(one))));
        expect([taken.length, queue.size, queue.tenants]).toEqual([items.length - gone.size, 0, 0]);
      }),
    );
  });

  it('keeps to priority, then age, within a tenant', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 200 }), (items) => {
        const taken = drain(fill(items));
        for (const tenant of tenants) {
          const own = taken.filter((one) => one.tenant === tenant);
          const rank = ({ priority, n }: Item): number => -PRIORITIES.indexOf(priority) * 1_000 + n;
          expect(own.map(rank)).toEqual(own.map(rank).toSorted((a, b) => a - b));
        }
      }),
    );
  });

  it('serves tenants that wait by their weights, up to a quantum and two turns', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 50, maxLength: 400 }), (items) => {
        const queue = fill(items);
        const left = new Map<string, number>();
        for (const { tenant } of items) left.set(tenant, (left.get(tenant) ?? 0) + 1);
        const served = new Map([...left.keys()].map((tenant) => [tenant, 0]));
        for (let next = queue.take(); next !== undefined; next = queue.take()) {
          const { tenant } = next;
          served.set(tenant, served.get(tenant)! + clamped(next));
          left.set(tenant, left.get(tenant)! - 1);
          // The comparison holds as long as all of them wait.
          if (left.get(tenant) === 0) break;
          const shares = [...served].map(([name, tokens]) => tokens / weightOf(name));
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(QUANTUM_TOKENS + 2 * COST_TOKENS_MAX);
        }
      }),
    );
  });

  it('reaches who comes late within eight rounds of those who were there', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 400 }), fc.nat(100), item, (items, before, late) => {
        const queue = fill(items);
        for (let n = 0; n < before; n++) queue.take();
        const newcomer = { ...late, tenant: 'late', weight: 1 };
        queue.add(newcomer, newcomer);
        const tokens = new Map<string, number>();
        for (let next = queue.take(); next !== newcomer; next = queue.take())
          tokens.set(next!.tenant, (tokens.get(next!.tenant) ?? 0) + clamped(next!));
        const rounds = Math.ceil(clamped(newcomer) / QUANTUM_TOKENS);
        for (const [tenant, served] of tokens)
          expect(served).toBeLessThanOrEqual(rounds * QUANTUM_TOKENS * weightOf(tenant) + COST_TOKENS_MAX);
      }),
    );
  });

  it('keeps the place of what is added twice', () => {
    const queue = new FairQueue<string>();
    const place = { tenant: 'a', priority: 'normal' as const, costTokens: 1, weight: 1 };
    for (const name of ['first', 'second', 'first']) queue.add(name, place);
    expect([queue.waitingOf('a'), queue.take(), queue.take(), queue.take()]).toEqual([2, 'first', 'second', undefined]);
  });
});
