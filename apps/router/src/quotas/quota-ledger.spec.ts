import { describe, expect, it } from 'vitest';
import { MemoryQuotaStore } from '../memory.fixture.js';
import { QuotaLedger } from './quota-ledger.js';

const want = (id: string, max: number) => ({ id, owner: 'a', amount: 1, max, windowMs: null });

describe('QuotaLedger', () => {
  it('lets exactly as many through as there may be, over several routers at once', async () => {
    const store = new MemoryQuotaStore();
    store.beforeStore = () => new Promise((resolve) => setImmediate(resolve));
    const ledgers = [1, 2, 3].map(() => new QuotaLedger(store));
    const outcomes = await Promise.all(
      Array.from({ length: 900 }, (_, n) => ledgers[n % 3]!.reserve('k', want(`call-${n}`, 250))),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(250);
    expect(store.stored.get('k')!.use.held).toHaveLength(250);
    // Calls that wait for one another's change are stored with it.
    expect(store.writes).toBeLessThan(30);
  });

  it('says no only by what is stored now', async () => {
    const store = new MemoryQuotaStore();
    const [here, there] = [new QuotaLedger(store), new QuotaLedger(store)];
    const stores = store.store.bind(store);
    let isFreed = false;
    store.store = async (...change) => {
      const revision = await stores(...change);
      if (!isFreed) {
        isFreed = true;
        await there.release('k', '1');
      }
      return revision;
    };
    const both = await Promise.all([here.reserve('k', want('1', 1)), here.reserve('k', want('2', 1))]);
    expect(both).toMatchObject([{ ok: true }, { ok: true }]);
    expect(store.stored.get('k')!.use.held.map(([id]) => id)).toEqual(['2']);
  });

  it('tells those who ask when it cannot be stored, and goes on with the next', async () => {
    const store = new MemoryQuotaStore();
    store.beforeStore = () => Promise.reject(new Error('away'));
    const ledger = new QuotaLedger(store);
    await expect(ledger.reserve('k', want('1', 1))).rejects.toThrow('away');
    store.beforeStore = () => Promise.resolve();
    expect(await ledger.reserve('k', want('1', 1))).toMatchObject({ ok: true });
  });
});
