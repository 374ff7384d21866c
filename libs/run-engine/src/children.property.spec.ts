import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outstanding } from './effects.js';
import { evolve, foldJournal } from './evolve.js';
import { Family } from './family.fixture.js';
import { redecide } from './redecide.js';
import { type AgentScript, type CallScript, eventsOf, type StepScript } from './script.fixture.js';
import { isClosed, newRun, openChildren, type RunState } from './state.js';
import { verifyJournal } from './verify.js';
import { deadlineOf } from './waiting.js';

const asked = JSON.stringify({ input: 'Why?', n: 1 });
const call: fc.Arbitrary<CallScript> = fc.record({
  tool: fc.constantFrom('pure', 'unsafe', 'timer', 'first', 'first', 'second', 'second', 'itself', 'nobody'),
  outcome: fc.constantFrom('ok', 'ok', 'TOOL_FAILED', 'silent'),
  arguments: fc.constantFrom(asked, asked, asked, '{}'),
});
const fitting = (one: CallScript): CallScript => {
  if (one.tool === 'timer') return { ...one, arguments: '{"ms":300000}' };
  return one.tool === 'pure' || one.tool === 'unsafe' ? { ...one, arguments: '{"n":1}' } : one;
};
const step: fc.Arbitrary<StepScript> = fc.record({
  calls: fc.array(call.map(fitting), { minLength: 1, maxLength: 4 }),
  failures: fc.constantFrom([], [], ['PROVIDER_CUT' as const], ['PROVIDER_REJECTED' as const]),
});
const script = fc.array(step, { maxLength: 2 });
const limits = fc.record(
  {
    stepsMax: fc.integer({ min: 1, max: 3 }),
    tokensMax: fc.integer({ min: 1, max: 2_000 }),
    costNanoUsdMax: fc.integer({ min: 0, max: 40_000 }),
    toolCallsMax: fc.integer({ min: 0, max: 8 }),
    parallelToolCallsMax: fc.integer({ min: 1, max: 3 }),
    wallMsMax: fc.integer({ min: 100, max: 200_000 }),
    depthMax: fc.integer({ min: 0, max: 2 }),
  },
  { requiredKeys: ['toolCallsMax', 'depthMax'] },
);
const agent: fc.Arbitrary<AgentScript> = fc.record({ script, limits });
const options = fc.record({ script, limits, agents: fc.record({ first: agent, second: agent }), twice: fc.boolean() });
const stops = fc.record({ round: fc.integer({ min: 5, max: 60 }), which: fc.nat(20) });
const moves = fc.array(fc.tuple(fc.nat(8), fc.nat(1_000)), { maxLength: 200 });

/** Routers that decide and die in any order; what runs say to one another comes late, twice or never. */
function move(runs: Family, kind: number, n: number, stops = true): void {
  const worlds = [...runs.worlds.values()];
  const world = worlds[n % worlds.length]!;
  const pick = (from: (() => void)[]): void => from.splice(n % Math.max(1, from.length), 1)[0]?.();
  switch (kind) {
    case 0:
    case 1:
      world.decideFrom(world.fold());
      return;
    case 2:
      for (const ask of outstanding(world.fold())) world.send(ask, 1 + (n % 3));
      return;
    case 3:
      return pick(world.flying);
    case 4:
      return pick(runs.flying);
    case 5:
      runs.flying.splice(n % Math.max(1, runs.flying.length), 1);
      return;
    case 6:
      return runs.report(world);
    case 7:
      if (stops && n % 5 === 0) world.cancel();
      return;
    case 8: {
      const facts = world.journal.filter(({ entry }) => entry !== null && entry.kind !== 'decision.v1');
      const again = facts[n % facts.length]!.entry!;
      world.fact(again.kind, again.body as never);
      return;
    }
  }
}

const tokensOf = ({ usage }: RunState): number => usage.inputTokens + usage.outputTokens;

/** At no moment is more given away than there is; the one token of an empty purse buys nothing. */
function expectWithin(state: RunState): void {
  if (state.plan === null) return;
  const open = openChildren(state);
  const given = (of: 'tokensMax' | 'costNanoUsdMax' | 'toolCallsMax'): number =>
    open.reduce((sum, { child }) => sum + child!.limits[of], 0);
  const bound = state.plan.limits;
  expect(tokensOf(state) + given('tokensMax')).toBeLessThanOrEqual(bound.tokensMax + open.length);
  expect(state.costNanoUsd + given('costNanoUsdMax')).toBeLessThanOrEqual(bound.costNanoUsdMax);
  expect(state.toolCalls + given('toolCallsMax')).toBeLessThanOrEqual(bound.toolCallsMax);
  const requested = Object.values(state.calls).filter(({ status, wait }) => status === 'requested' && wait === null);
  if (!isClosed(state)) expect(requested.length).toBeLessThanOrEqual(bound.parallelToolCallsMax);
  for (const { child } of open) {
    expect(child!.limits.depthMax).toBeLessThan(bound.depthMax!);
    expect(child!.deadlineAt).toBeLessThanOrEqual(deadlineOf(state));
  }
}

function expectSound(runs: Family): void {
  for (const [runId, world] of runs.worlds) {
    const state = world.fold();
    expect({ runId, closed: isClosed(state) }).toEqual({ runId, closed: true });
    expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
    expect(verifyJournal(world.journal)).toMatchObject({ ok: true, head: state.head });
    const ends = eventsOf(world).filter(({ type }) => ['run.completed', 'run.failed', 'run.cancelled'].includes(type));
    expect(ends).toHaveLength(1);
    const { parent } = state.accepted!;
    if (parent === undefined) continue;
    const above = runs.worlds.get(parent.runId)!.fold();
    // Only what all below had reported is reported: nothing gets lost on the way up, whatever is stopped.
    const report = runs.worlds
      .get(parent.runId)!
      .journal.flatMap(({ entry }) =>
        entry?.kind === 'child.ended.v1' && entry.body.childRunId === runId ? entry.body : [],
      )[0]!;
    expect(report.costNanoUsd).toBeGreaterThanOrEqual(state.below.costNanoUsd);
    const answered = above.calls[parent.callId]!;
    expect(parent.depth).toBe((above.accepted!.parent?.depth ?? 0) + 1);
    expect(answered.status).toBe(state.status === 'completed' ? 'completed' : 'failed');
    expect(answered.status === 'completed' ? answered.result : answered.error).toEqual(
      state.status === 'completed' ? state.output : state.error,
    );
    if (state.plan !== null) expect(state.plan.deadlineAt).toBeLessThanOrEqual(deadlineOf(above));
  }
}

describe('runs that carry out calls of runs', () => {
  it('never use up more than the first may, nest no deeper, and answer each call once', () => {
    fc.assert(
      fc.property(options, moves, stops, (of, order, stop) => {
        const runs = new Family(of);
        for (const [kind, n] of order) move(runs, kind, n);
        const root = runs.settle(5_000, (round) => {
          if (round === stop.round) [...runs.worlds.values()][stop.which % runs.worlds.size]!.cancel();
        });
        expectSound(runs);
        for (const world of runs.worlds.values()) {
          let state = newRun(world.subject);
          for (const entry of world.journal) expectWithin((state = evolve(state, entry)));
        }
        for (const state of runs.states()) {
          expect(state.accepted!.parent?.depth ?? 0).toBeLessThanOrEqual(of.limits.depthMax);
          for (const { child } of Object.values(state.calls))
            if (child !== null) expect(runs.worlds.has(child.runId)).toBe(true);
        }
        expect(root.toolCalls).toBeLessThanOrEqual(of.limits.toolCallsMax);
      }),
      { numRuns: 150 },
    );
  });

  it('come to the same end in any order, where nothing is stopped in between', () => {
    const calm = fc.record({ script, agents: fc.record({ first: fc.record({ script }) }), twice: fc.boolean() });
    fc.assert(
      fc.property(calm, moves, (of, order) => {
        const told = { ...of, limits: { depthMax: 2 }, agents: { ...of.agents, second: { script: [] } } };
        const chaos = new Family(told);
        for (const [kind, n] of order) move(chaos, kind, n, false);
        const [one, other] = [chaos, new Family({ ...told, twice: false })].map((runs) => {
          const root = runs.settle();
          expectSound(runs);
          const own = runs.states().map(({ costNanoUsd, below }) => costNanoUsd - below.costNanoUsd);
          // Nothing is charged twice and nothing is lost on the way up.
          expect(own.reduce((sum, cost) => sum + cost, 0)).toBe(root.costNanoUsd);
          const outcomes = runs
            .states()
            .map(({ subject, status, output, usage }) => ({ subject, status, output, usage }));
          return outcomes.toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
        });
        expect(one).toEqual(other);
      }),
      { numRuns: 60 },
    );
  });

  it('fold one by one as at once', () => {
    fc.assert(
      fc.property(options, moves, (of, order) => {
        const runs = new Family(of);
        for (const [kind, n] of order) move(runs, kind, n);
        for (const world of runs.worlds.values())
          for (const { state } of world.decided)
            expect(foldJournal(world.journal.filter(({ seq }) => seq <= state.seq))).toEqual(state);
      }),
      { numRuns: 40 },
    );
  });
});
