import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FILL_MAX, noRoom, RETRY_MS, RETRY_MS_MAX, RETRY_MS_MIN, type Sight } from './room.js';

const load = { openRuns: 10, openRunsMax: 100, waitingRuns: 0, endedPerS: 2, tenants: {}, at: 0 };
const free: Sight = {
  load,
  admitted: 0,
  tenantRuns: 1,
  tenantRunsMax: 10,
  endedPerS: 2,
  openRuns: 10,
  fills: new Map([['RUN_00', 0.2]]),
};
const see = (change: Partial<Sight>) => noRoom({ ...free, ...change });

describe('noRoom', () => {
  it('admits where nothing is full, and where nothing is known', () => {
    expect(see({})).toBeNull();
    expect(see({ load: null, fills: new Map() })).toBeNull();
  });

  it.each([0.8, 0.95, 1, 2])('closes for a stream that is full to %d, whatever else is known', (fill) => {
    const fills = new Map([
      ['RUN_00', 0.1],
      ['WORK_TOOL', fill],
    ]);
    expect(see({ fills })).toMatchObject({ why: 'stream', retryAfterMs: RETRY_MS });
    expect(see({ fills, load: null })).toMatchObject({ why: 'stream' });
    expect(see({ fills: new Map([['WORK_TOOL', 0.799]]) })).toBeNull();
  });

  it('closes at four fifths of the open runs of a partition, those counted that were just admitted', () => {
    expect(see({ load: { ...load, openRuns: 79 } })).toBeNull();
    expect(see({ load: { ...load, openRuns: 80 } })).toMatchObject({ why: 'partition' });
    expect(see({ load: { ...load, openRuns: 70 }, admitted: 10 })).toMatchObject({ why: 'partition' });
  });

  it('closes at the bound of the tenant, known or not', () => {
    expect(see({ tenantRuns: 10, load: null })).toMatchObject({ why: 'tenant' });
  });

  it('advises to come again when so many have ended as are too many', () => {
    expect(see({ load: { ...load, openRuns: 99 } })?.retryAfterMs).toBe(10_000);
    expect(see({ tenantRuns: 12, openRuns: 24 })?.retryAfterMs).toBe(3_000);
    expect(see({ load: { ...load, openRuns: 80, endedPerS: 0 } })?.retryAfterMs).toBe(RETRY_MS);
  });

  it('advises within its bounds, always', () => {
    const count = fc.nat(1e9);
    const pace = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(count, count, count, count, pace, (openRuns, openRunsMax, admitted, tenantRuns, endedPerS) => {
        const full = see({ load: { ...load, openRuns, openRunsMax, endedPerS }, admitted, tenantRuns, endedPerS });
        const closed = openRuns + admitted >= Math.floor(openRunsMax * FILL_MAX) || tenantRuns >= 10;
        expect(full !== null).toBe(closed);
        if (full === null) return;
        expect(full.retryAfterMs).toBeGreaterThanOrEqual(RETRY_MS_MIN);
        expect(full.retryAfterMs).toBeLessThanOrEqual(RETRY_MS_MAX);
      }),
    );
  });
});
