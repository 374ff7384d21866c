import { testFolder } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LeakTest, type Talked } from '../tools/bench/leak/leak-test.ts';
import { missBounds } from '../tools/bench/leak/recall.ts';
import { reportOf, type LeakReport } from '../tools/bench/leak/report.ts';

/** The small form of `npm run bench -- leak`; with other conversations for each seed. */
const CONVERSATIONS = 100;

let test: LeakTest;
let talked: Talked;
let report: LeakReport;

beforeAll(async () => {
  const options = { conversations: CONVERSATIONS, atOnce: 8, stateDir: testFolder('leak'), say: () => undefined };
  test = await LeakTest.start(options);
  talked = await test.run();
  report = reportOf(test, talked, missBounds().bounds);
});
afterAll(() => test?.stop());

describe('a hundred conversations with planted values of every class', () => {
  it('all take place, in every field', () => {
    expect(talked.broken).toEqual([]);
    expect(report.planted).toBeGreaterThan(5 * CONVERSATIONS);
    expect(Object.keys(report.byField).length).toBeGreaterThan(25);
  });

  it('leave nothing raw that has a shape, no secret, and no more names than are known to be missed', () => {
    expect({ samples: report.samples, missed: report.targets.filter(({ ok }) => !ok) }).toEqual({
      samples: expect.any(Array) as string[],
      missed: [],
    });
  });

  it('were looked for everywhere', () => {
    const places = [...test.watch.looked.keys()];
    for (const place of [
      'run',
      'work',
      'tok',
      'svc.memory.save',
      'svc.guard.deposit',
      '$KV.sessions',
      '$KV.policy',
      '_INBOX_guard',
      'subjects',
      'headers',
      'log of guard.log',
      'table audit.segments',
      'table privacy.vault',
      'files of the broker',
      'query API',
      'sent to the model',
      'sent to a tool',
    ])
      expect(places, place).toContain(place);
  });

  it('come back to whoever they belong to', () => {
    expect(report.restored.asked).toBeGreaterThan(CONVERSATIONS / 2);
    expect(report.restored.whole).toBe(report.restored.asked);
  });

  it('would have been seen, had one shown', () => {
    const [planting] = test.planter.plantings.filter((one) => one.class === 'EMAIL');
    test.watch.look('planted by the test', test.planter.valueOf(planting!.id));
    expect(test.watch.leaks.map(({ place }) => place)).toContain('planted by the test');
  });
});
