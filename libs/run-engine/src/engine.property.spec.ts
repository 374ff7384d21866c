import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { RunEvent, RunLimits } from '@signalbox/contracts';
import { decide } from './decide.js';
import { type AskEffect, isOutstanding, outstanding } from './effects.js';
import { evolve, foldJournal } from './evolve.js';
import { isClosed, newRun, type RunState, stepOf } from './state.js';
import { timersOf } from './timers.js';
import { verifyJournal } from './verify.js';
import { viewOf } from './view.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, type StepScript, type WorldOptions } from './script.fixture.js';
import { deadlineOf } from './waiting.js';
import { SUBJECT, World } from './world.fixture.js';

// Hundreds of whole runs each.
vi.setConfig({ testTimeout: 60_000 });

const tools = [
  'pure',
  'keyed',
  'unsafe',
  'inline',
  'careful',
  'timer',
  'signal',
  'nothing',
  'to_next',
  'to_first',
  'to_nobody',
];
/** Who takes a run over, with limits of its own. */
const successors = { next: { instructions: 'Go on.' } };
const call: fc.Arbitrary<CallScript> = fc
  .record({
    tool: fc.constantFrom(...tools),
    outcome: fc.constantFrom('ok', 'ok', 'TOOL_FAILED', 'TOOL_TIMEOUT', 'SANDBOX_UNAVAILABLE'),
    arguments: fc.constantFrom('{"n":1}', '{"n":1}', '{}', 'not json'),
    answer: fc.constantFrom('approve' as const, 'approve' as const, 'deny' as const),
    waitMs: fc.constantFrom(0, 500, 5_000_000, 500_000_000),
  })
  .map(({ waitMs, ...one }) => {
    if (one.tool === 'timer') return { ...one, arguments: JSON.stringify({ ms: waitMs }) };
    return one.tool === 'signal' ? { ...one, arguments: JSON.stringify({ name: 'go', timeoutMs: waitMs }) } : one;
  });
const step: fc.Arbitrary<StepScript> = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 5 }),
  failures: fc.constantFrom(
    [],
    [],
    ['PROVIDER_CUT' as const],
    ['PROVIDER_CUT' as const, 'PROVIDER_UNAVAILABLE' as const],
  ),
});
const script = fc.array(step, { maxLength: 4 });
/** Plans of which a script plays the tools: each expression reads what came before, whether it failed or not. */
const plan: fc.Arbitrary<Pick<WorldOptions, 'script' | 'plan'>> = fc
  .record({
    script: fc.array(step, { minLength: 1, maxLength: 5 }),
    onError: fc.array(fc.constantFrom('stop' as const, 'continue' as const, 'continue' as const), {
      minLength: 5,
      maxLength: 5,
    }),
    order: fc.array(fc.constantFrom('parallel' as const, 'sequence' as const), { minLength: 5, maxLength: 5 }),
    history: fc.boolean(),
  })
  .map(({ script: steps, onError, order, history }) => ({
    script: steps,
    plan: {
      steps: steps.map(({ calls }, index) => ({
        id: `s${index}`,
        calls: calls.map(({ tool }, n) => {
          const before = `steps.s${index - 1}.results[${n}]`;
          return { tool, arguments: { n: index === 0 ? n : { $: `length(to_string(${before})) + \`1\`` } } };
        }),
        order: order[index]!,
        onError: onError[index]!,
      })),
      output: `steps.s${steps.length - 1}`,
      history,
    },
  }));
const moves = fc.array(fc.tuple(fc.nat(12), fc.nat(1_000)), { maxLength: 250 });

/** Two routers that read, decide and die in any order, workers whose facts come early, late and twice. */
class Chaos {
  readonly routers = [newRun(SUBJECT), newRun(SUBJECT)];
  readonly unsent: AskEffect[] = [];
  dispatch = 1;

  constructor(readonly world: World) {}

  move(kind: number, n: number): void {
    const { world } = this;
    const at = n % 2;
    const router = this.routers[at]!;
    const pick = <T>(items: T[]): T | undefined =>
      items.length > 0 ? items.splice(n % items.length, 1)[0] : undefined;
    switch (kind) {
      case 0:
      case 1:
      case 2: {
        const next = world.journal.find((entry) => entry.seq > router.seq);
        if (next !== undefined) this.routers[at] = evolve(router, next);
        return;
      }
      case 3:
      case 4: {
        const decided = world.decideFrom(router);
        if (decided === null) return;
        const after = world.fold();
        for (const effect of decided.effects) {
          if (!('id' in effect)) continue;
          expect(isOutstanding(after, effect)).toBe(true);
          this.unsent.push(effect);
        }
        return;
      }
      case 5:
      case 6:
        pick(world.flying)?.();
        return;
      case 7: {
        const effect = pick(this.unsent);
        if (effect !== undefined) world.send(effect, 1);
        return;
      }
      case 8:
        this.routers[at] = newRun(SUBJECT);
        for (const ask of outstanding(world.fold())) world.send(ask, ++this.dispatch);
        return;
      case 9: {
        const facts = world.journal.filter(({ entry }) => entry !== null && entry.kind !== 'decision.v1');
        const again = facts[n % facts.length]!.entry!;
        world.fact(again.kind, again.body as never);
        return;
      }
      case 10:
        return world.answerAll();
      case 11:
        return world.hold(n % 2 === 0 ? 'run.pause-requested.v1' : 'run.resume-requested.v1');
      case 12: {
        // A stranger, and somebody who saw other arguments.
        const asked = Object.values(world.fold().questions).find((question) => question.approval !== null);
        if (asked === undefined) return;
        const stranger = { principal: { keyId: 'key-9', userId: 'user-9' } };
        world.approve(asked.questionId, 'approve', n % 2 === 0 ? stranger : { argumentsHash: 'f'.repeat(64) });
        return;
      }
    }
  }
}

/** What does not depend on time or order. */
function outcomeOf(world: World): unknown {
  const state = world.fold();
  return {
    view: { ...viewOf(world.journal), endedAt: null },
    calls: Object.values(state.calls)
      .toSorted((a, b) => (a.callId < b.callId ? -1 : 1))
      .map(({ callId, status, attempt, result, error }) => ({
        callId,
        status,
        attempt,
        result: result.replace(/"firedAt":"[^"]*"/, ''),
        error,
      })),
    steps: state.steps.map(({ step: number, attempt, content }) => ({ number, attempt, content })),
    prompt: world.prompts.at(-1)?.replaceAll(/"firedAt":"[^"]*"/g, ''),
  };
}

/** Exactly these arguments were approved, by who may, before the call was let run. */
function expectApproved(world: World, event: Extract<RunEvent, { type: 'tool.requested' }>): void {
  expect(event.decision).toMatchObject({ outcome: 'permit', kind: 'approval', answer: { userId: 'user-1' } });
  const approvals = world.journal.filter(
    ({ entry }) =>
      entry?.kind === 'question.answered.v1' &&
      entry.body.choice === 'approve' &&
      entry.body.questionId === event.decision.answer?.questionId &&
      entry.body.argumentsHash === event.argumentsHash &&
      entry.body.principal.userId === 'user-1',
  );
  expect(approvals.length).toBeGreaterThan(0);
}

/** Nothing of a step is done once it has handed the run over, and no limit grows. */
function expectHandedOver(events: readonly RunEvent[]): void {
  let bounds: RunLimits | undefined;
  for (const [at, event] of events.entries()) {
    if (event.type === 'run.started') bounds = event.limits;
    if (event.type !== 'run.handed-off') continue;
    const later = events
      .slice(at + 1)
      .filter((other) => 'callId' in other && other.callId.startsWith(`call_${event.step}_`));
    for (const other of later)
      expect(other).toMatchObject({ type: 'tool.refused', error: { code: 'HANDOFF_REFUSED' } });
    for (const [name, bound] of Object.entries(bounds!) as [keyof RunLimits, number][])
      expect(event.limits[name]).toBeLessThanOrEqual(bound);
    bounds = event.limits;
  }
}

function expectSound(world: World, state: RunState): void {
  const events = eventsOf(world);
  expectHandedOver(events);
  const once = new Map<string, number>();
  for (const event of events) {
    const identity =
      event.type === 'model.requested'
        ? `m${event.step}:${event.attempt}`
        : event.type === 'tool.requested'
          ? `t${event.callId}:${event.attempt}`
          : event.type === 'tool.refused' || event.type === 'tool.inlined' || event.type === 'run.handed-off'
            ? `t${event.callId}:answered`
            : event.type === 'question.asked' || event.type === 'question.closed'
              ? `${event.type}:${event.questionId}`
              : event.type === 'run.started' || event.type.startsWith('run.')
                ? event.type
                : null;
    if (identity !== null) once.set(identity, (once.get(identity) ?? 0) + 1);
  }
  for (const [identity, count] of once) expect({ identity, count }).toEqual({ identity, count: 1 });
  expect(['run.completed', 'run.failed', 'run.cancelled'].reduce((sum, type) => sum + (once.get(type) ?? 0), 0)).toBe(
    1,
  );
  for (const event of events)
    if (event.type === 'tool.requested' && event.tool === 'careful') expectApproved(world, event);
  const starts = new Map<string, number>();
  for (const [attempt, count] of world.started)
    starts.set(attempt.split(':')[0]!, (starts.get(attempt.split(':')[0]!) ?? 0) + count);
  for (const [callId, count] of starts)
    if (state.calls[callId]!.effect === 'unsafe') expect({ callId, count }).toEqual({ callId, count: 1 });
  expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
  expect(verifyJournal(world.journal)).toMatchObject({ ok: true, head: state.head });
}

describe('any order of facts', () => {
  it('gives one result per step and the same end, by two routers that die at will', () => {
    fc.assert(
      fc.property(script, fc.nat(4), moves, fc.boolean(), (steps, signals, order, twice) => {
        const told = (some: World): World => {
          for (let n = 0; n < signals; n++)
            some.flying.push(() => some.signal('go', '"go"', `req_${'s'.repeat(25)}${n}`));
          return some;
        };
        const world = told(new World({ script: steps, successors, twice }));
        const chaos = new Chaos(world);
        for (const [kind, n] of order) chaos.move(kind, n);
        world.hold('run.resume-requested.v1');
        const state = world.settle();
        expect(isClosed(state)).toBe(true);
        expectSound(world, state);
        const calm = told(new World({ script: steps, successors }));
        calm.settle();
        expect(outcomeOf(world)).toEqual(outcomeOf(calm));
      }),
      { numRuns: 300 },
    );
  });

  it('does the same for agents with a plan', () => {
    fc.assert(
      fc.property(plan, moves, fc.boolean(), fc.boolean(), (options, order, twice, together) => {
        const world = new World({ ...options, successors, twice, together });
        const chaos = new Chaos(world);
        for (const [kind, n] of order) chaos.move(kind, n);
        world.hold('run.resume-requested.v1');
        const state = world.settle();
        expect(isClosed(state)).toBe(true);
        expectSound(world, state);
        expect([world.prompts, state.usage.inputTokens]).toEqual([[], 0]);
        const calm = new World({ ...options, successors });
        calm.settle();
        expect(outcomeOf(world)).toEqual(outcomeOf(calm));
      }),
      { numRuns: 150 },
    );
  });

  it('keeps facts that come before their decision', () => {
    fc.assert(
      fc.property(script, fc.array(fc.boolean(), { maxLength: 60 }), (steps, early) => {
        const world = new World({ script: steps, successors });
        // Each router decision is lost once where `early` says so, while its effects were sent already.
        for (const lost of early) {
          const state = world.fold();
          const decided = decide(state, { nowMs: world.nowMs, policy: world.policy });
          if (decided !== null && lost) {
            const position = world.journal.length;
            world.decideFrom(state);
            for (const effect of decided.effects) if ('id' in effect) world.send(effect, 1);
            const [decision] = world.journal.splice(position, 1);
            const unsafe = decided.events.some((event) => event.type === 'tool.requested' && event.effect === 'unsafe');
            if (!unsafe) while (world.flying.length > 0) world.flying.shift()!();
            world.flying.length = 0;
            if (unsafe) world.journal.push(decision!);
          } else if (decided !== null) world.decideFrom(state);
          world.flying.shift()?.();
        }
        const decidedOn = new Set(world.journal.map((entry) => entry.seq));
        expect(decidedOn.size).toBe(world.journal.length);
        const state = world.settle();
        expectSound(world, state);
      }),
      { numRuns: 200 },
    );
  });

  it('decides every prefix again as it was decided, and folds one by one as at once', () => {
    fc.assert(
      fc.property(script, moves, (steps, order) => {
        const world = new World({ script: steps, successors });
        const chaos = new Chaos(world);
        for (const [kind, n] of order) chaos.move(kind, n);
        world.hold('run.resume-requested.v1');
        world.settle();
        for (const { state, nowMs, events } of world.decided) {
          const prefix = foldJournal(world.journal.filter((entry) => entry.seq <= state.seq));
          expect(prefix).toEqual(state);
          expect(decide(prefix, { nowMs, policy: world.policy })?.events).toEqual(events);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('every limit holds', () => {
  it('before dispatch, whatever the model wants', () => {
    const limits = fc.record({
      stepsMax: fc.integer({ min: 1, max: 4 }),
      tokensMax: fc.integer({ min: 1, max: 400 }),
      costNanoUsdMax: fc.integer({ min: 0, max: 20_000 }),
      toolCallsMax: fc.integer({ min: 0, max: 8 }),
      parallelToolCallsMax: fc.integer({ min: 1, max: 4 }),
      wallMsMax: fc.integer({ min: 100, max: 200_000 }),
    });

    fc.assert(
      fc.property(script, limits, moves, (steps, bounds, order) => {
        const world = new World({
          script: steps.map((one) => ({ ...one, usage: 20, cost: 700 })),
          successors,
          limits: bounds,
        });
        const chaos = new Chaos(world);
        for (const [kind, n] of order) chaos.move(kind, n);
        world.hold('run.resume-requested.v1');
        const end = world.settle(5_000);
        let state = newRun(SUBJECT);
        for (const entry of world.journal) {
          const before = state;
          state = evolve(state, entry);
          expect(
            Object.values(state.calls).filter((one) => one.status === 'requested' && one.wait === null).length,
          ).toBeLessThanOrEqual(bounds.parallelToolCallsMax);
          const asked = stepOf(state);
          if (asked === undefined || (stepOf(before)?.attempt === asked.attempt && stepOf(before)?.step === asked.step))
            continue;
          expect(asked.step).toBeLessThanOrEqual(bounds.stepsMax);
          expect(state.usage.inputTokens + state.usage.outputTokens + asked.outputTokensMax).toBeLessThan(
            bounds.tokensMax,
          );
          expect(
            state.costNanoUsd + asked.outputTokensMax * state.plan!.model.outputNanoUsdPerToken,
          ).toBeLessThanOrEqual(bounds.costNanoUsdMax);
          expect(asked.requestedAt).toBeLessThan(deadlineOf(state));
        }
        expect(end.toolCalls).toBeLessThanOrEqual(bounds.toolCallsMax);
        expect(isClosed(end)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('nothing hangs', () => {
  it('whatever dies, a run that is not over waits for an answer, a timer or a person', () => {
    const deadly = fc.array(
      fc.record({
        calls: fc.array(
          fc.record({
            tool: fc.constantFrom(...tools),
            outcome: fc.constantFrom<CallScript['outcome']>('ok', 'silent', 'orphaned', 'TOOL_OUTCOME_UNKNOWN'),
          }),
          { maxLength: 4 },
        ),
        failures: fc.constantFrom([], ['PROVIDER_TIMEOUT' as const]),
      }),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(deadly, moves, (steps, order) => {
        const world = new World({ script: steps, successors });
        const chaos = new Chaos(world);
        for (const [kind, n] of order) {
          chaos.move(kind, n);
          const state = world.fold();
          const decides = decide(state, { nowMs: world.nowMs, policy: world.policy }) !== null;
          if (!isClosed(state) && state.paused === null)
            expect(decides || timersOf(state, world.nowMs).length > 0).toBe(true);
        }
        world.hold('run.resume-requested.v1');
        const state = world.settle(5_000);
        expect(isClosed(state)).toBe(true);
        expectSound(world, state);
      }),
      { numRuns: 100 },
    );
  });
});
