import type { JournalBody } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Results } from './results.js';

type Fact = JournalBody<'tool.completed.v1'>;
const waits = { mayWait: true };
const atOnce = { mayWait: false };
const run = { tenant: 'acme', runId: 'run_1' };
const factOf = (callId: string, result = 'fine'): Fact => ({ callId, result }) as Fact;

describe('results of a piece of work', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function world(together = true) {
    const entries: string[] = [];
    const journal = {
      away: false,
      completed: async (_: unknown, facts: readonly Fact[]): Promise<void> => {
        if (journal.away) throw new MeshError('BUS_UNAVAILABLE', 'The bus is away.');
        entries.push(facts.map(({ callId }) => callId).join(' '));
      },
    };
    return { entries, journal, results: new Results(journal, run, together) };
  }

  it('of calls without effect wait for each other, and not for long', async () => {
    const { entries, results } = world();
    await results.add(factOf('a'), waits);
    await results.add(factOf('b'), waits);
    expect(entries).toEqual([]);
    await vi.runAllTimersAsync();
    expect(entries).toEqual(['a b']);
    await results.add(factOf('c'), waits);
    await results.write();
    await results.write();
    expect(entries).toEqual(['a b', 'c']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that may not wait are written at once, with those that waited', async () => {
    const { entries, results } = world();
    await results.add(factOf('a'), waits);
    await results.add(factOf('b'), atOnce);
    await results.add(factOf('c'), atOnce);
    expect(entries).toEqual(['a b', 'c']);
  });

  it('are bounded in number and size', async () => {
    const { entries, results } = world();
    for (let n = 0; n < 20; n++) await results.add(factOf(String(n)), waits);
    expect(entries.map((entry) => entry.split(' ').length)).toEqual([16]);
    await results.add(factOf('long', 'x'.repeat(40_000)), waits);
    expect(entries.map((entry) => entry.split(' ').length)).toEqual([16, 5]);
  });

  it('are written one by one where readers of an older release are about', async () => {
    const { entries, results } = world(false);
    await results.add(factOf('a'), waits);
    await results.add(factOf('b'), waits);
    expect(entries).toEqual(['a', 'b']);
  });

  it('that could not be written late are a fault of the next writing, and of every other', async () => {
    const { journal, results } = world();
    journal.away = true;
    await results.add(factOf('a'), waits);
    await vi.runAllTimersAsync();
    journal.away = false;
    await expect(results.write()).rejects.toThrow('The bus is away.');
    await expect(results.add(factOf('b'), atOnce)).rejects.toThrow('The bus is away.');
  });

  it('that nobody waited with fail alone', async () => {
    const { entries, journal, results } = world();
    journal.away = true;
    await expect(results.add(factOf('a'), atOnce)).rejects.toThrow('The bus is away.');
    journal.away = false;
    await results.add(factOf('b'), atOnce);
    await results.write();
    expect(entries).toEqual(['b']);
  });
});
