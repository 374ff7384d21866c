import { describe, expect, it } from 'vitest';
import { dueTimes } from './due-times.js';
import { GRACE_MS, planFiring } from './firing-plan.js';

const HOUR = 3_600_000;
const T = Date.UTC(2026, 0, 5, 8);
const hourly = dueTimes({ kind: 'interval', everyMs: HOUR, startAt: T });

describe('what is due', () => {
  it.each(['skip', 'once'] as const)('on time is fired, whatever is done about the missed (%s)', (missed) => {
    for (const lateMs of [0, 1, GRACE_MS])
      expect(planFiring(hourly, missed, { dueAt: T, nowMs: T + lateMs })).toEqual({
        fire: T,
        missed: 0,
        next: T + HOUR,
      });
  });

  it('late is given up or made up for by one run for the last of them', () => {
    const nowMs = T + 5 * HOUR + 10 * 60_000;
    const next = T + 6 * HOUR;
    expect(planFiring(hourly, 'skip', { dueAt: T, nowMs })).toEqual({ fire: null, missed: 6, next });
    expect(planFiring(hourly, 'once', { dueAt: T, nowMs })).toEqual({ fire: T + 5 * HOUR, missed: 5, next });
  });

  it('on time after others that were missed is fired alone', () => {
    const nowMs = T + 3 * HOUR + 1_000;
    expect(planFiring(hourly, 'skip', { dueAt: T, nowMs })).toEqual({
      fire: T + 3 * HOUR,
      missed: 3,
      next: T + 4 * HOUR,
    });
  });

  it('after years costs no more than after a day', () => {
    const everyMinute = dueTimes({ kind: 'cron', cron: '* * * * *', timeZone: 'Europe/Berlin' });
    let steps = 0;
    const counted = { latest: everyMinute.latest, next: (at: number) => (steps++, everyMinute.next(at)) };
    const nowMs = T + 3 * 365 * 24 * HOUR + 30_000;
    expect(planFiring(counted, 'once', { dueAt: T, nowMs })).toMatchObject({ fire: nowMs - 30_000, missed: 99 });
    expect(steps).toBeLessThanOrEqual(101);
  });

  it('for a pattern that ends is the last time', () => {
    const once = { next: () => null, latest: () => T };
    expect(planFiring(once, 'skip', { dueAt: T, nowMs: T })).toEqual({ fire: T, missed: 0, next: null });
  });
});
