import { RunEvent } from '@signalbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from './explain.js';
import { type CallScript, eventsOf } from './script.fixture.js';
import {
  LOOP_ERRORS_AFTER,
  LOOP_ERRORS_WARN,
  LOOP_PERIOD_MAX,
  LOOP_ROUNDS_AFTER,
  LOOP_ROUNDS_WARN,
} from './settings.js';
import { World } from './world.fixture.js';

const same = (n: number, result = 'same'): CallScript => ({
  tool: 'pure',
  arguments: `{"n":${n}}`,
  outcome: 'ok',
  result,
});
const fails = (n: number): CallScript => ({ tool: 'pure', arguments: `{"n":${n}}`, outcome: 'TOOL_FAILED' });
/** One call a step, then the answer. */
const run = (calls: readonly CallScript[]): World => {
  const world = new World({ script: calls.map((call) => ({ calls: [call] })) });
  world.settle();
  return world;
};
const warnings = (world: World) => eventsOf(world).filter((event) => event.type === 'loop.warned');

describe('calls that lead nowhere', () => {
  it('are warned of once, in words that the next prompts carry, and then stop the run', () => {
    const world = run(Array.from({ length: 20 }, () => same(1)));
    expect(warnings(world)).toMatchObject([{ step: LOOP_ROUNDS_WARN, pattern: 'repeat', calls: LOOP_ROUNDS_WARN }]);
    const state = world.fold();
    expect(state).toMatchObject({ status: 'failed', error: { code: 'LIMIT_NO_PROGRESS' } });
    expect(state.steps).toHaveLength(LOOP_ROUNDS_WARN + LOOP_ROUNDS_AFTER);
    const last = eventsOf(world).slice(-2);
    const hit = { limit: 'no-progress', value: LOOP_ROUNDS_AFTER, bound: LOOP_ROUNDS_AFTER };
    expect(last).toMatchObject([{ type: 'limit.reached', ...hit }, { type: 'run.failed' }]);
    const note =
      'user:Note from the run engine: the last 3 tool calls were the same call of pure with the same result.';
    expect(world.prompts[LOOP_ROUNDS_WARN - 1]).not.toContain(note);
    expect(world.prompts[LOOP_ROUNDS_WARN]).toContain(`tool:same|${note}`);
    expect(world.prompts[LOOP_ROUNDS_WARN + 1]).toContain(`tool:same|${note}`);
    for (const event of eventsOf(world)) expect(RunEvent.safeParse(event).error).toBeUndefined();
    const told = explain(world.journal).map((line) => line.text);
    expect(told).toContainEqual(
      expect.stringContaining('Warned the model after step 3, 3 calls without progress (repeat)'),
    );
    expect(told).toContainEqual(
      expect.stringContaining('LIMIT_NO_PROGRESS: The run makes no progress: after a warning'),
    );
  });

  it('count as equal whatever the order of their arguments, and not when the result is another', () => {
    const spaced: CallScript = { ...same(1), arguments: '{ "n": 1 }' };
    expect(warnings(run([same(1), spaced, same(1)]))).toHaveLength(1);
    expect(warnings(run([same(1), same(1, 'new'), same(1)]))).toEqual([]);
    expect(warnings(run([same(1), same(2), same(3)]))).toEqual([]);
  });

  it('are warned of anew once a new result came between', () => {
    const world = run([same(1), same(1), same(1), same(2), same(1), same(1), same(1)]);
    expect(warnings(world).map((event) => event.step)).toEqual([3, 7]);
    expect(world.fold().status).toBe('completed');
  });

  it('are calls of one step as well, but the model always hears of it before the run stops', () => {
    const world = new World({ script: [{ calls: Array.from({ length: 40 }, () => same(1)) }, { calls: [same(2)] }] });
    expect(world.settle().status).toBe('completed');
    expect(warnings(world)).toMatchObject([{ step: 1, calls: 40 }]);
  });

  it('are failures and refusals in a row, whatever they try', () => {
    const some = Array.from({ length: LOOP_ERRORS_WARN + LOOP_ERRORS_AFTER }, (_, index) =>
      index % 2 === 0 ? fails(index) : { tool: 'nothing', outcome: 'ok' as const, arguments: `{"n":${index}}` },
    );
    const world = run(some);
    expect(warnings(world)).toMatchObject([{ step: LOOP_ERRORS_WARN, pattern: 'errors' }]);
    expect(world.fold().error?.code).toBe('LIMIT_NO_PROGRESS');
    expect(run(some.with(-1, same(1))).fold().status).toBe('completed');
  });

  it('make a cycle of up to four calls, found and stopped after the named number of rounds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 100, max: 999 }), { maxLength: 12 }).map((all) => [...new Set(all)]),
        fc.integer({ min: 1, max: LOOP_PERIOD_MAX }),
        (before, period) => {
          const round = Array.from({ length: period }, (_, index) => same(index));
          const cycle = Array.from({ length: LOOP_ROUNDS_WARN + LOOP_ROUNDS_AFTER }, () => round).flat();
          const world = run([...before.map((n) => same(n)), ...cycle]);
          const warnedAt = before.length + period * LOOP_ROUNDS_WARN;
          expect(warnings(world)).toMatchObject([{ step: warnedAt, pattern: period === 1 ? 'repeat' : 'cycle' }]);
          expect(world.fold()).toMatchObject({ error: { code: 'LIMIT_NO_PROGRESS' } });
          expect(world.fold().steps).toHaveLength(before.length + cycle.length);
          expect(run([...before.map((n) => same(n)), ...cycle.slice(1)]).fold().status).toBe('completed');
        },
      ),
      { numRuns: 30 },
    );
  });

  it('never stop a run without a warning since the last progress', () => {
    const step = fc.array(fc.tuple(fc.nat(2), fc.nat(1), fc.boolean()), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const calls = (all: readonly [number, number, boolean][]) =>
          all.map(([n, result, ok]) => (ok ? same(n, `r${result}`) : fails(n)));
        const world = new World({ script: steps.map((all) => ({ calls: calls(all) })) });
        const state = world.settle();
        const stopped = state.error?.code === 'LIMIT_NO_PROGRESS';
        const warned = warnings(world).at(-1);
        if (stopped) expect(warned?.step).toBeLessThan(state.steps.length);
        else expect(state.status).toBe('completed');
        expect(new Set(warnings(world).map((event) => event.step)).size).toBe(warnings(world).length);
      }),
      { numRuns: 60 },
    );
  });
});
