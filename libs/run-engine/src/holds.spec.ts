import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outstanding } from './effects.js';
import { explain } from './explain.js';
import { Family } from './family.fixture.js';
import { holdFor } from './holds.js';
import { redecide } from './redecide.js';
import type { CallScript, WorldOptions } from './script.fixture.js';
import { hasEnded, isClosed, isPaused } from './state.js';
import { verifyJournal } from './verify.js';
import { viewOf } from './view.js';
import { deadlineOf, isParked } from './waiting.js';
import type { World } from './world.fixture.js';

const HOUR_MS = 3_600_000;
const PAUSE = 'run.pause-requested.v1';
const RESUME = 'run.resume-requested.v1';
const ask = (tool: string): CallScript => ({ tool, outcome: 'ok', arguments: '{"input":"Why?"}' });
const pure: CallScript = { tool: 'pure', outcome: 'ok' };

/** Two runs below each other, the lowest of which has work to do. */
const deep = (): Family =>
  new Family({
    script: [{ calls: [ask('middle')] }],
    agents: {
      middle: { script: [{ calls: [ask('lowest'), pure] }] },
      lowest: { script: [{ calls: [pure] }, { calls: [pure] }] },
    },
    limits: { depthMax: 3 },
  });
type Made<A> = A extends fc.Arbitrary<infer T> ? T : never;
const worldsOf = ({ worlds }: Family): World[] => [...worlds.values()];
function untilDeep(runs: Family): void {
  for (let round = 0; runs.worlds.size < 3 || worldsOf(runs)[2]!.fold().steps.length === 0; round++) {
    if (round > 200) throw new Error('the lowest run did not start');
    runs.advance();
  }
}
/** What was asked for by all of them. */
const asksOf = (runs: Family): number =>
  runs.states().reduce((sum, { steps, toolCalls }) => sum + steps.length + toolCalls, 0);
function expectWhole(runs: Family): void {
  for (const world of runs.worlds.values()) {
    expect(isClosed(world.fold())).toBe(true);
    expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
    expect(verifyJournal(world.journal)).toMatchObject({ ok: true });
  }
}

describe('a pause of a run that called others', () => {
  it('holds all below it, costs none of them time, and ends with its own', () => {
    const runs = deep();
    untilDeep(runs);
    runs.root.hold(PAUSE);
    runs.settle(0.1);
    expect(runs.states().map(isPaused)).toEqual([true, true, true]);
    expect(runs.states().map(isParked)).toEqual([true, true, true]);
    for (const world of runs.worlds.values()) expect(viewOf(world.journal).status).toBe('paused');
    const asked = asksOf(runs);
    runs.settle(0.2);
    expect(asksOf(runs)).toBe(asked);
    const deadlines = runs.states().map(({ plan }) => plan!.deadlineAt);
    runs.clock.nowMs += 50 * HOUR_MS;
    runs.root.hold(RESUME);
    expect(runs.settle().status).toBe('completed');
    expect(runs.states().map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    runs.states().forEach((state, n) => expect(deadlineOf(state) - deadlines[n]!).toBeGreaterThan(40 * HOUR_MS));
    expectWhole(runs);
    const told = explain(worldsOf(runs)[1]!.journal).map(({ text }) => text);
    expect(told.filter((text) => /is paused: so wanted|goes on, and this run with it/.test(text))).toHaveLength(2);
  });

  it('holds a run that is started while it is paused, and none that is started after', () => {
    const runs = deep();
    for (let round = 0; runs.root.fold().calls['call_1_0']?.status !== 'requested'; round++)
      if (round > 50) throw new Error('no call');
      else if (runs.root.decideFrom(runs.root.fold()) === null) {
        for (const one of outstanding(runs.root.fold())) if (one.kind !== 'child') runs.root.send(one, 1);
        runs.root.flying.shift()?.();
      }
    expect(runs.worlds.size).toBe(1);
    runs.root.hold(PAUSE);
    runs.settle(0.1);
    expect(runs.states().map(isPaused)).toEqual([true, true]);
    runs.root.hold(RESUME);
    runs.settle();
    expectWhole(runs);
    // The lowest began when all of that was over.
    expect(worldsOf(runs)[2]!.journal.some(({ entry }) => entry?.kind === 'parent.held.v1')).toBe(false);
  });

  it('does not let a run go on that is paused by itself, nor holds one back for what came late', () => {
    const runs = deep();
    untilDeep(runs);
    const [root, middle] = worldsOf(runs) as [World, World, World];
    middle.hold(PAUSE);
    root.hold(PAUSE);
    const late = holdFor(root.fold(), middle.fold())!;
    root.hold(RESUME);
    runs.settle(0.1);
    expect(runs.states().map(isPaused)).toEqual([false, true, true]);
    middle.hold(RESUME);
    runs.settle(0.1);
    middle.fact('parent.held.v1', late);
    expect(isPaused(middle.fold())).toBe(false);
    runs.settle();
    expectWhole(runs);
  });

  it('is believed only from the run that called it', () => {
    const runs = deep();
    untilDeep(runs);
    runs.root.hold(PAUSE);
    const [, middle, lowest] = worldsOf(runs) as [World, World, World];
    lowest.fact('parent.held.v1', holdFor(runs.root.fold(), middle.fold())!);
    expect(isPaused(lowest.fold())).toBe(false);
    expect(lowest.fold().reports.at(-1)?.text).toContain('did not call this run');
  });

  const call = fc.constantFrom(pure, ask('first'), ask('first'), ask('second'));
  const script = fc.array(fc.record({ calls: fc.array(call, { minLength: 1, maxLength: 3 }) }), { maxLength: 2 });
  const family = fc.record({ script, first: script, second: script, twice: fc.boolean() });
  const moves = fc.array(fc.tuple(fc.nat(6), fc.nat(1_000)), { maxLength: 150 });
  const optionsOf = ({ script: own, first, second, twice }: Made<typeof family>): WorldOptions => ({
    script: own,
    agents: { first: { script: first }, second: { script: second } },
    limits: { depthMax: 2 },
    twice,
  });

  it('in any order of things, and whatever gets lost on the way, holds all below and lets all of them end', () => {
    fc.assert(
      fc.property(family, moves, (of, order) => {
        const runs = new Family(optionsOf(of));
        for (const [kind, n] of order) {
          const world = worldsOf(runs)[n % runs.worlds.size]!;
          const pick = (from: (() => void)[]): void => from.splice(n % Math.max(1, from.length), 1)[0]?.();
          if (kind <= 1) world.decideFrom(world.fold());
          else if (kind === 2) for (const one of outstanding(world.fold())) world.send(one, 1 + (n % 3));
          else if (kind === 3) pick(world.flying);
          else if (kind === 4) pick(runs.flying);
          else if (kind === 5) runs.flying.splice(n % Math.max(1, runs.flying.length), 1);
          else if (n % 3 === 0) runs.root.hold(n % 2 === 0 ? PAUSE : RESUME);
        }
        runs.root.hold(PAUSE);
        runs.settle(0.1);
        const open = runs.states().filter((state) => !hasEnded(state));
        expect(open.every(isPaused)).toBe(true);
        const asked = asksOf(runs);
        runs.settle(0.2);
        expect(asksOf(runs)).toBe(asked);
        runs.root.hold(RESUME);
        runs.settle();
        expectWhole(runs);
        const { status, error } = runs.root.fold();
        // Five times the same question is no way to get on, paused or not.
        expect(error?.code ?? status).toBeOneOf(['completed', 'LIMIT_NO_PROGRESS']);
        expect(runs.states().some(isPaused)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});
