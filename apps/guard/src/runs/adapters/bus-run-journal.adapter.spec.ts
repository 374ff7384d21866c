import type { Bus } from '@signalbox/bus';
import { expect, it } from 'vitest';
import { BusRunJournalAdapter } from './bus-run-journal.adapter.js';

const RUN = { tenant: 'demo', runId: 'run_00_00000000000000000000000000' };

it('reads few journals at once, however many are asked for', async () => {
  let reading = 0;
  let most = 0;
  const read = async (): Promise<never[]> => {
    most = Math.max(most, ++reading);
    await new Promise((resolve) => setImmediate(resolve));
    reading--;
    return [];
  };
  const adapter = new BusRunJournalAdapter({ journal: { read } } as unknown as Bus);
  const found = await Promise.all(Array.from({ length: 500 }, () => adapter.snapshot(RUN)));
  expect(found.every((snapshot) => snapshot === null)).toBe(true);
  expect(most).toBeLessThanOrEqual(16);
});
