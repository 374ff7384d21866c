import { expect, it } from 'vitest';
import { measureTakeover } from './takeover.ts';

/** The bench `takeover` does it with ten thousand. */
const OPEN_RUNS = 1_000;

it(`${OPEN_RUNS} open runs all end after one of two routers died`, async () => {
  const { wrongs, takeoverMs, eachMs } = await measureTakeover(OPEN_RUNS);
  process.stdout.write(`first decision in each partition after ${eachMs.join(', ')} ms\n`);
  expect(wrongs).toEqual([]);
  expect(takeoverMs).toBeGreaterThan(0);
});
