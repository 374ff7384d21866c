import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimersService } from './timers.service.js';

describe('TimersService', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it('rings what is set and not cancelled, once, in order, never early', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200_000), fc.boolean()), { maxLength: 60 }), (alarms) => {
        const timers = new TimersService();
        const start = Date.now();
        const rung: number[] = [];
        const set = alarms.map(([inMs]) =>
          timers.set(start + inMs, () => {
            expect(Date.now()).toBeGreaterThanOrEqual(start + inMs);
            rung.push(inMs);
          }),
        );
        set.forEach((alarm, index) => {
          if (alarms[index]![1]) timers.cancel(alarm);
        });
        vi.advanceTimersByTime(250_000);
        const expected = alarms.filter(([, cancelled]) => !cancelled).map(([inMs]) => inMs);
        expect(rung).toEqual(expected.toSorted((a, b) => a - b));
        for (const alarm of set) timers.cancel(alarm);
        expect(timers.size).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps no heap of cancelled alarms', () => {
    const timers = new TimersService();
    for (let n = 0; n < 10_000; n++) timers.cancel(timers.set(Date.now() + 1e9, () => undefined));
    expect(timers.size).toBe(0);
    timers.onApplicationShutdown();
  });
});
