import type { AgentPlan, JournalEntryOf } from '@signalbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outstanding, toolWork } from './effects.js';
import { explain } from './explain.js';
import { mayBegin } from './may-begin.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, type WorldOptions } from './script.fixture.js';
import { ENGINE_WITH_LIMITED_ROWS, SEQUENCE_CALLS_MAX } from './settings.js';
import { isClosed } from './state.js';
import { timersOf } from './timers.js';
import { verifyJournal } from './verify.js';
import { World } from './world.fixture.js';

type Step = AgentPlan['steps'][number];
const rowOf = (tools: string[], onError: Step['onError'] = 'stop'): Step => ({
  id: 'row',
  order: 'sequence',
  calls: tools.map((tool, n) => ({ tool, arguments: { n } })),
  onError,
});
const ok = (tool: string): CallScript => ({ tool, outcome: 'ok' });

function planned(tools: string[], more: Partial<WorldOptions> = {}, onError?: Step['onError']): World {
  const plan: AgentPlan = { steps: [rowOf(tools, onError)], output: 'steps.row.results', history: false };
  return new World({ script: [{ calls: tools.map(ok) }], ...more, plan });
}
const withOutcome = (tools: string[], at: number, outcome: CallScript['outcome']): Partial<WorldOptions> => ({
  script: [{ calls: tools.map((tool, n) => (n === at ? { tool, outcome } : ok(tool))) }],
});
const requestsIn = (world: World): string[][] =>
  world.journal.flatMap(({ entry }) => {
    const events = entry?.kind === 'decision.v1' ? entry.body.events : [];
    const asked = events.flatMap((event) => (event.type === 'tool.requested' ? [event.callId] : []));
    return asked.length > 0 ? [asked] : [];
  });
const sound = (world: World): void => {
  expect(isClosed(world.fold())).toBe(true);
  expect(verifyJournal(world.journal)).toMatchObject({ ok: true });
  expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
};
const pures = (count: number): string[] => Array.from({ length: count }, () => 'pure');

describe('calls in sequence', () => {
  it('are asked for in one decision as one piece of work, and each has a fact of its own', () => {
    const world = planned(pures(10));
    const state = world.settle();
    expect(state).toMatchObject({ status: 'completed', toolCalls: 10 });
    expect(JSON.parse(state.output!)).toEqual(Array.from({ length: 10 }, (_, n) => `result of call_1_${n}`));
    const kinds = world.journal.map(({ entry }) => entry!.kind);
    expect(kinds).toEqual([
      'run.accepted.v1',
      'decision.v1',
      ...pures(10).map(() => 'tool.completed.v1'),
      'decision.v1',
    ]);
    expect(world.order).toEqual(Array.from({ length: 10 }, (_, n) => `call_1_${n}`));
    sound(world);
  });

  it('have their results in one entry where nothing was done between', () => {
    const results = Array.from({ length: 4 }, (_, n) => `result of call_1_${n}`);
    const world = planned(['pure', 'pure', 'keyed', 'pure'], { together: true });
    expect(JSON.parse(world.settle().output!)).toEqual(results);
    const kinds = world.journal.map(({ entry }) => entry!.kind).filter((kind) => kind !== 'decision.v1');
    expect(kinds).toEqual(['run.accepted.v1', 'tools.completed.v1', 'tool.completed.v1', 'tool.completed.v1']);
    sound(world);
    const told = explain(world.journal).filter(({ who }) => who === 'tool-runner');
    expect(told.map(({ text }) => text.split(' ')[0])).toEqual(['call_1_0', 'call_1_1', 'call_1_2', 'call_1_3']);
  });

  it('have the results before a failure, though they come with it', () => {
    const world = planned(pures(4), { ...withOutcome(pures(4), 2, 'TOOL_FAILED'), together: true });
    expect(world.settle()).toMatchObject({ status: 'failed', error: { code: 'TOOL_FAILED' } });
    const { calls } = world.fold();
    expect(Object.values(calls).map(({ status }) => status)).toEqual(['completed', 'completed', 'failed', 'failed']);
    sound(world);
  });

  it('take results that are early, one by one', () => {
    const world = planned(pures(3), { together: true });
    const ahead = new World({ script: world.options.script, plan: world.options.plan!, together: true });
    ahead.settle();
    const { body } = ahead.journal.find(({ entry }) => entry!.kind === 'tools.completed.v1')!
      .entry as JournalEntryOf<'tools.completed.v1'>;
    world.fact('tools.completed.v1', body);
    expect(Object.keys(world.fold().early)).toHaveLength(3);
    expect(world.settle().status).toBe('completed');
    expect(world.order).toEqual([]);
    sound(world);
  });

  it('have one call in hand: the first that is not answered carries the rest', () => {
    const world = planned(pures(3));
    world.decideFrom(world.fold());
    const inHand = (): string[] => outstanding(world.fold()).map(({ id }) => id);
    expect(inHand()).toEqual(['call_1_0']);
    const work = toolWork(world.fold(), 'call_1_0', 1);
    expect(work.next?.map(({ callId }) => callId)).toEqual(['call_1_1', 'call_1_2']);
    const names = timersOf(world.fold(), world.nowMs).map(({ name }) => name);
    expect(names).toEqual(['wall', 'effect:call_1_0:1']);
    world.send(outstanding(world.fold())[0]!, 1);
    while (inHand()[0] === 'call_1_0') world.flying.shift()!();
    expect(inHand()).toEqual(['call_1_1']);
    expect(toolWork(world.fold(), 'call_1_1', 2).next?.map(({ callId }) => callId)).toEqual(['call_1_2']);
    expect(world.decideFrom(world.fold())).toBeNull();
  });

  it('wait longer the later they come', () => {
    const world = planned(pures(3));
    world.decideFrom(world.fold());
    const { calls } = world.fold();
    const [first, second, third] = ['call_1_0', 'call_1_1', 'call_1_2'].map((id) => calls[id]!.timeoutMs);
    expect([second! - first!, third! - second!]).toEqual([1_000, 1_000]);
  });

  it('end with the first that fails; a repeated one goes on with the rest', () => {
    const failed = planned(pures(4), withOutcome(pures(4), 1, 'TOOL_FAILED'));
    expect(failed.settle()).toMatchObject({ status: 'failed', error: { code: 'TOOL_FAILED' } });
    expect(failed.order).toEqual(['call_1_0', 'call_1_1']);
    const errors = Object.values(failed.fold().calls).map(({ error }) => error?.code ?? null);
    expect(errors).toEqual([null, 'TOOL_FAILED', 'TOOL_SKIPPED', 'TOOL_SKIPPED']);
    sound(failed);
    const busy = planned(pures(3), withOutcome(pures(3), 1, 'SANDBOX_UNAVAILABLE'));
    expect(busy.settle().status).toBe('failed');
    expect(requestsIn(busy)).toEqual([['call_1_0', 'call_1_1', 'call_1_2'], ['call_1_1'], ['call_1_1']]);
    expect(busy.order).not.toContain('call_1_2');
    sound(busy);
    const goesOn = planned(pures(3), withOutcome(pures(3), 0, 'TOOL_FAILED'), 'continue');
    expect(goesOn.settle()).toMatchObject({ status: 'completed', output: '[null,null,null]' });
    sound(goesOn);
  });

  it('end with one that is not permitted', () => {
    const world = planned(['pure', 'keyed', 'pure'], { denied: ['keyed'] });
    expect(world.settle()).toMatchObject({ status: 'failed', error: { code: 'TOOL_DENIED' }, denied: 1 });
    expect(world.order).toEqual(['call_1_0']);
    sound(world);
  });

  it('stop at a question, and go on behind its answer', () => {
    const tools = ['pure', 'unsafe', 'unsafe'];
    const world = planned(tools, withOutcome(tools, 1, 'orphaned'));
    expect(world.settle(0.5).status).toBe('waiting');
    expect(mayBegin(world.fold(), 'call_1_2', 1)).toEqual({ ok: false, why: 'call_1_1 comes first' });
    world.answer('q_call_1_1_1', 'result', 'by hand');
    expect(JSON.parse(world.settle(0.5).output!)).toEqual(['result of call_1_0', 'by hand', 'result of call_1_2']);
    expect(world.order).toEqual(['call_1_0', 'call_1_1', 'call_1_2']);
    sound(world);
  });

  it('take in steps without a worker, where nothing is ahead of them', () => {
    const world = planned(['inline', 'pure', 'inline', 'inline', 'pure']);
    expect(JSON.parse(world.settle().output!)).toEqual([1, 'result of call_1_1', 3, 4, 'result of call_1_4']);
    expect(requestsIn(world)).toEqual([['call_1_1'], ['call_1_4']]);
    sound(world);
  });

  it('are bounded: by their number, their time and the limit of calls', () => {
    const world = planned(pures(3), { limits: { toolCallsMax: 2 } });
    expect(world.settle()).toMatchObject({ status: 'failed', error: { code: 'LIMIT_TOOL_CALLS' }, toolCalls: 2 });
    expect(world.order).toEqual(['call_1_0', 'call_1_1']);
    sound(world);
    const many = planned(pures(SEQUENCE_CALLS_MAX));
    many.settle();
    expect(requestsIn(many)[0]).toHaveLength(SEQUENCE_CALLS_MAX);
    sound(many);
    const slow = planned(pures(5), { wallMs: 50_000 });
    expect(slow.settle().status).toBe('completed');
    expect(requestsIn(slow).map((asked) => asked.length)).toEqual([2, 2, 1]);
    sound(slow);
  });

  it('of a limited tool begin when there is room, and pass it on only to the next of the same tool', () => {
    const tools = ['pure', 'pure', 'keyed', 'pure', 'pure'];
    let left = 0;
    const options = { manifests: { pure: { concurrentCallsMax: 1 } }, room: () => left-- > 0 };
    const world = planned(tools, options);
    world.settle(0.5);
    expect(requestsIn(world)).toEqual([]);
    left = 1;
    world.settle(0.5);
    expect(requestsIn(world)).toEqual([['call_1_0', 'call_1_1', 'call_1_2']]);
    expect(world.order).toEqual(['call_1_0', 'call_1_1', 'call_1_2']);
    left = 1;
    expect(world.settle().status).toBe('completed');
    expect(requestsIn(world)[1]).toEqual(['call_1_3', 'call_1_4']);
    sound(world);
    const before = planned(tools, { ...options, engine: ENGINE_WITH_LIMITED_ROWS - 1 });
    expect(before.settle().status).toBe('completed');
    expect(requestsIn(before)[0]).toHaveLength(tools.length);
    sound(before);
  });

  it('keep their order and one result each, however often and late the work is sent', () => {
    const tool = fc.constantFrom('pure', 'keyed', 'unsafe');
    const moves = fc.array(fc.tuple(fc.nat(3), fc.nat(100)), { maxLength: 120 });
    fc.assert(
      fc.property(fc.array(tool, { minLength: 1, maxLength: 6 }), moves, fc.boolean(), (tools, chosen, together) => {
        const world = planned(tools, { twice: true, together });
        for (const [kind, n] of chosen) {
          if (kind === 0) world.decideFrom(world.fold());
          if (kind === 1) for (const ask of outstanding(world.fold())) world.send(ask, n);
          if (kind > 1) world.flying.splice(n % Math.max(1, world.flying.length), 1)[0]?.();
        }
        const state = world.settle();
        expect(state.status).toBe('completed');
        const first = [...new Set(world.order)];
        expect(first).toEqual(tools.map((_, at) => `call_1_${at}`));
        for (const [at, name] of tools.entries())
          if (name === 'unsafe') expect(world.started.get(`call_1_${at}:1`)).toBe(1);
        expect(eventsOf(world).filter(({ type }) => type === 'tool.requested')).toHaveLength(tools.length);
        sound(world);
      }),
      { numRuns: 150 },
    );
  });
});
