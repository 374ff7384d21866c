import type { QuotaUseV1 } from '@signalbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HELD_MAX, HELD_MS, noUse, type QuotaWant, release, reserve } from './quota-use.js';

const NOW = 1_800_000_000_000;
const want = (id: string, change: Partial<QuotaWant> = {}): QuotaWant => ({
  id,
  owner: 'a',
  amount: 1,
  max: 3,
  windowMs: 60_000,
  ...change,
});
const take = (use: QuotaUseV1, asked: QuotaWant, nowMs = NOW): QuotaUseV1 => {
  const outcome = reserve(use, asked, nowMs);
  if (!outcome.ok) throw new Error('refused');
  return outcome.use;
};

describe('what is taken of a quota', () => {
  it('is never more than there is, and the same call takes it once', () => {
    let use = noUse();
    for (const id of ['1', '2', '2', '3', '1']) use = take(use, want(id));
    expect(use.held.map(([id]) => id)).toEqual(['1', '2', '3']);
    expect(reserve(use, want('4'), NOW)).toEqual({ ok: false, used: 3, freeAt: NOW + 60_000 });
    expect(reserve(use, want('2'), NOW)).toMatchObject({ ok: true, used: 2 });
  });

  it('comes back when its window is over, and when it was not used', () => {
    let use = take(take(take(noUse(), want('1')), want('2'), NOW + 10_000), want('3'), NOW + 20_000);
    expect(reserve(use, want('4'), NOW + 59_999)).toMatchObject({ ok: false, freeAt: NOW + 60_000 });
    expect(reserve(use, want('4'), NOW + 60_000)).toMatchObject({ ok: true, used: 3 });
    use = release(use, '2', null)!;
    expect(reserve(use, want('4'), NOW + 30_000)).toMatchObject({ ok: true, used: 3 });
    expect(release(use, '2', null)).toBeNull();
  });

  it('is given back by none but the process that asked last', () => {
    const use = take(take(noUse(), want('1')), want('1', { owner: 'b' }));
    expect(release(use, '1', 'a')).toBeNull();
    expect(release(use, '1', 'b')).toEqual(noUse());
  });

  it('stays taken for ever without a window, and says that it does', () => {
    const use = take(noUse(), want('1', { max: 1, windowMs: null }));
    expect(reserve(use, want('2', { max: 1, windowMs: null }), NOW + 1e12)).toEqual({
      ok: false,
      used: 1,
      freeAt: null,
    });
  });

  it('is bounded in what it keeps, however many calls there are', () => {
    let use = noUse();
    for (let n = 0; n < 3 * HELD_MAX; n++)
      use = take(use, want(String(n), { max: 1e9, windowMs: 86_400_000 }), NOW + n * 10_000);
    expect(use.held.length).toBeLessThanOrEqual(HELD_MAX);
    expect(use.past.length).toBeLessThanOrEqual(66);
  });

  it('never lets more than the most through any window, however calls come, end and are added up', () => {
    const call = fc.record({ afterMs: fc.integer({ min: 0, max: 40_000 }), amount: fc.integer({ min: 0, max: 5 }) });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 200 }), fc.constantFrom(60_000, 4 * HELD_MS), (calls, windowMs) => {
        let use = noUse();
        let nowMs = NOW;
        const granted: [number, number][] = [];
        for (const [n, { afterMs, amount }] of calls.entries()) {
          nowMs += windowMs === 60_000 ? afterMs : afterMs * 20;
          const outcome = reserve(use, want(String(n), { amount, max: 12, windowMs }), nowMs);
          if (!outcome.ok) continue;
          use = outcome.use;
          granted.push([nowMs, amount]);
          const inWindow = granted.filter(([at]) => at + windowMs > nowMs).reduce((sum, [, one]) => sum + one, 0);
          expect(inWindow).toBeLessThanOrEqual(12);
          expect(outcome.used).toBeGreaterThanOrEqual(inWindow);
        }
      }),
    );
  });
});
