import type { ScheduleTimes } from '@signalbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueTimes } from './due-times.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const cron = (pattern: string, timeZone = 'UTC'): ScheduleTimes => ({ kind: 'cron', cron: pattern, timeZone });
const between = (times: ScheduleTimes, from: number, to: number): number[] => {
  const due = dueTimes(times);
  const found: number[] = [];
  for (let at = due.next(from - 1); at !== null && at < to && found.length < 10_000; at = due.next(at)) found.push(at);
  return found;
};
const iso = (times: readonly number[]): string[] => times.map((at) => new Date(at).toISOString().slice(0, 16));
const local = (at: number, timeZone: string): string =>
  new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);

/** Zones with and without changes of clocks, by half hours, and on the other half of the earth. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'America/Sao_Paulo',
  'Pacific/Auckland',
];
const YEAR = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)] as const;

describe('due times by cron', () => {
  it('follow the wall clock over a change of clocks', () => {
    const berlin = cron('30 2 * * *', 'Europe/Berlin');
    // Half past two does not happen on 29 March, and happens twice on 25 October.
    expect(iso(between(berlin, Date.UTC(2026, 2, 28), Date.UTC(2026, 2, 31)))).toEqual([
      '2026-03-28T01:30',
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
    expect(iso(between(berlin, Date.UTC(2026, 9, 24), Date.UTC(2026, 9, 27)))).toEqual([
      '2026-10-24T00:30',
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });

  it.each(ZONES)('once a day are once each day of the year in %s, at every hour', (timeZone) => {
    for (const hour of [0, 2, 3]) {
      const times = between(cron(`15 ${hour} * * *`, timeZone), ...YEAR);
      const days = times.map((at) => local(at, timeZone).slice(0, 10));
      expect(new Set(days).size).toBe(days.length);
      expect(days.length).toBeGreaterThanOrEqual(364);
      expect(days.length).toBeLessThanOrEqual(366);
      const gaps = times.slice(1).map((at, index) => at - times[index]!);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(DAY + 2 * HOUR);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(DAY - 2 * HOUR);
    }
  });

  it.each(['Europe/Berlin', 'Pacific/Auckland'])(
    'every hour are every hour of the year in %s, however the clocks are changed',
    (timeZone) => {
      const times = between(cron('0 * * * *', timeZone), ...YEAR);
      expect(times).toHaveLength(365 * 24);
      expect(times.every((at, index) => index === 0 || at - times[index - 1]! === HOUR)).toBe(true);
    },
  );

  it.each([
    ['not a pattern', 'UTC', 'times.cron'],
    ['* * * * * *', 'UTC', 'times.cron'],
    ['61 * * * *', 'UTC', 'times.cron'],
    ['0 0 30 2 *', 'UTC', 'times.cron'],
    ['0 0 * * 9', 'UTC', 'times.cron'],
    ['0 0 * * *', 'Mars/Olympus', 'times.timeZone'],
    ['0 0 * * *', '', 'times.timeZone'],
  ])('%j in %j is refused', (pattern, timeZone, field) => {
    expect(() => dueTimes(cron(pattern, timeZone))).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', details: { fields: [field] } }) as Error,
    );
  });
});

describe('due times', () => {
  const part = (max: number): fc.Arbitrary<string> =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: 0, max }).map(String),
      fc.integer({ min: 2, max: Math.min(max, 20) }).map((n) => `*/${n}`),
    );
  const times: fc.Arbitrary<ScheduleTimes> = fc.oneof(
    fc
      .record({
        minute: part(59),
        hour: part(23),
        weekday: fc.constantFrom('*', '1-5', '0', '6'),
        timeZone: fc.constantFrom(...ZONES),
      })
      .map(({ minute, hour, weekday, timeZone }) => cron(`${minute} ${hour} * * ${weekday}`, timeZone)),
    fc
      .record({ everyMs: fc.integer({ min: MINUTE, max: 40 * DAY }), startAt: fc.integer({ min: 0, max: YEAR[1] }) })
      .map((one) => ({ kind: 'interval' as const, ...one })),
  );
  /** Most moments lie around a change of clocks. */
  const moment = fc.oneof(
    fc.integer({ min: YEAR[0], max: YEAR[1] }),
    fc
      .record({
        change: fc.constantFrom(
          Date.UTC(2026, 2, 8, 7),
          Date.UTC(2026, 2, 29, 1),
          Date.UTC(2026, 9, 25, 1),
          Date.UTC(2026, 10, 1, 6),
          Date.UTC(2026, 3, 4, 14),
        ),
        off: fc.integer({ min: -3 * HOUR, max: 3 * HOUR }),
      })
      .map(({ change, off }) => change + off),
  );

  it('go on, never back: the next is later, and the latest before it is not later than now', () => {
    fc.assert(
      fc.property(times, moment, (one, now) => {
        const due = dueTimes(one);
        const next = due.next(now);
        if (next === null) throw new Error('there is always a next one here');
        expect(next).toBeGreaterThan(now);
        expect(due.latest(next)).toBe(next);
        const latest = due.latest(now);
        if (latest === null) return;
        expect(latest).toBeLessThanOrEqual(now);
        expect(due.next(latest)).toBe(next);
        expect(due.next(next - 1)).toBe(next);
      }),
      { numRuns: 300 },
    );
  });
});
