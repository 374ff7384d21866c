import type { AgentPlan } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { explain } from './explain.js';
import { messagesOf } from './prompt.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, type WorldOptions } from './script.fixture.js';
import { isClosed } from './state.js';
import { verifyJournal } from './verify.js';
import { World } from './world.fixture.js';

type Step = AgentPlan['steps'][number];
const $ = (expression: string) => ({ $: expression });
const step = (id: string, calls: Step['calls'], onError: Step['onError'] = 'stop'): Step => ({
  id,
  order: 'parallel',
  calls,
  onError,
});
const inline = (n: unknown) => ({ tool: 'inline', arguments: { n } });
const remote = (tool: string, n: unknown) => ({ tool, arguments: { n } });
const ok = (tool: string, result?: string): CallScript => ({
  tool,
  outcome: 'ok',
  ...(result === undefined ? {} : { result }),
});

function planned(steps: Step[], output: string, more: Partial<WorldOptions> = {}, history = false): World {
  return new World({ script: [], ...more, plan: { steps, output, history } });
}

const sound = (world: World): void => {
  expect(isClosed(world.fold())).toBe(true);
  expect(verifyJournal(world.journal)).toMatchObject({ ok: true });
  expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
};

describe('a planned agent', () => {
  it('puts all its inline steps, from the start to the end, into one decision, and asks nobody', () => {
    const steps = [step('s0', [inline(0)])];
    for (let n = 1; n < 10; n++) steps.push(step(`s${n}`, [inline($(`steps.s${n - 1}.result`))]));
    const world = planned(steps, 'steps.s9.result');
    const state = world.settle();
    expect(state).toMatchObject({ status: 'completed', output: '10', toolCalls: 10, load: null, save: null });
    expect(world.journal.map(({ entry }) => entry!.kind)).toEqual(['run.accepted.v1', 'decision.v1']);
    expect([world.prompts, world.saved]).toEqual([[], []]);
    expect(explain(world.journal).map(({ text }) => text)).toContain('Step 2, s1 of the plan: calls inline.');
    sound(world);
  });

  it('hands results on, as values where they are JSON and as text where they are not', () => {
    const world = planned(
      [
        step('fetch', [remote('pure', 1), remote('keyed', 2)]),
        step('sum', [inline($('steps.fetch.results[0].count'))]),
      ],
      '{sum: steps.sum.result, text: steps.fetch.results[1], asked: input, failed: steps.fetch.error}',
      { script: [{ calls: [ok('pure', '{"count":4}'), ok('keyed', 'plain')] }] },
    );
    expect(JSON.parse(world.settle().output!)).toEqual({ sum: 5, text: 'plain', asked: 'Hello', failed: null });
    sound(world);
  });

  it('ends with the error of a call, or goes on where the step says so', () => {
    const script = [{ calls: [{ tool: 'pure', outcome: 'TOOL_FAILED' as const }] }];
    const stopped = planned([step('a', [remote('pure', 1)]), step('b', [inline(1)])], 'steps.b.result', { script });
    expect(stopped.settle()).toMatchObject({ status: 'failed', error: { code: 'TOOL_FAILED' } });
    expect(eventsOf(stopped).filter(({ type }) => type === 'plan.stepped')).toHaveLength(1);
    sound(stopped);
    const steps = [step('a', [remote('pure', 1)], 'continue'), step('b', [inline(1)])];
    const output = '[steps.a.result, steps.a.error.code, steps.b.result]';
    const continued = planned(steps, output, { script });
    expect(continued.settle().output).toBe('[null,"TOOL_FAILED",2]');
    sound(continued);
    const denied = planned([step('a', [inline(1)])], 'steps.a.result', { denied: ['inline'] });
    expect(denied.settle()).toMatchObject({ status: 'failed', error: { code: 'TOOL_DENIED' }, denied: 1 });
    sound(denied);
  });

  it('asks a person where the outcome of an unsafe call is unknown, and goes on with the answer', () => {
    const script = [{ calls: [{ tool: 'unsafe', outcome: 'orphaned' as const }] }];
    const world = planned([step('a', [remote('unsafe', 1)])], 'steps.a.result', { script });
    expect(world.settle(0.5).status).toBe('waiting');
    world.answer('q_call_1_0_1', 'result', 'by hand');
    expect(world.settle()).toMatchObject({ status: 'completed', output: 'by hand' });
    sound(world);
  });

  it('holds the limits of steps, calls and parallel calls, and the wall time', () => {
    const two = [step('a', [inline(1)]), step('b', [inline(1)])];
    expect(planned(two, 'input', { limits: { stepsMax: 1 } }).settle().error?.code).toBe('LIMIT_STEPS');
    expect(planned(two, 'input', { limits: { toolCallsMax: 1 } }).settle().error?.code).toBe('LIMIT_TOOL_CALLS');
    const wide = step(
      'a',
      Array.from({ length: 9 }, (_, n) => remote('pure', n)),
    );
    const world = planned([wide], 'length(steps.a.results)', {
      limits: { parallelToolCallsMax: 2 },
      script: [{ calls: Array.from({ length: 9 }, () => ok('pure')) }],
    });
    world.decideFrom(world.fold());
    expect(eventsOf(world).filter(({ type }) => type === 'tool.requested')).toHaveLength(2);
    expect(world.settle().output).toBe('9');
    const silent = { script: [{ calls: [{ tool: 'pure', outcome: 'silent' as const }] }] };
    const slow = planned([step('a', [remote('pure', 1)])], 'input', { ...silent, limits: { wallMsMax: 100 } });
    expect(slow.settle().error?.code).toBe('LIMIT_WALL_TIME');
    for (const one of [world, slow]) sound(one);
  });

  it('is not taken for a loop, however often it makes the same call', () => {
    const steps = Array.from({ length: 20 }, (_, n) => step(`s${n}`, [inline(1)]));
    expect(planned(steps, 'input').settle()).toMatchObject({ status: 'completed', remarks: [] });
  });

  it('reads and keeps its session only where the plan says so', () => {
    const world = planned([step('a', [inline(1)])], "join(' ', history[*].content)", {}, true);
    const state = world.settle();
    expect(state).toMatchObject({ status: 'completed', output: 'cut off Before', save: { status: 'done' } });
    expect(messagesOf(state)).toEqual([
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'cut off Before' },
    ]);
    expect(world.saved).toEqual([2]);
    sound(world);
    const silent = planned([step('a', [inline(1)])], 'length(history)', { memory: 'silent' }, true);
    expect(silent.settle()).toMatchObject({ status: 'completed', output: '0' });
  });

  it('keeps the shape that the agent promises, or fails', () => {
    const shape = { schema: { type: 'object', required: ['n'] }, repairsMax: 2 };
    expect(planned([step('a', [inline(1)])], '{n: steps.a.result}', { output: shape }).settle().output).toBe('{"n":2}');
    const wrong = planned([step('a', [inline(1)])], 'steps.a.result', { output: shape });
    expect(wrong.settle()).toMatchObject({ status: 'failed', error: { code: 'OUTPUT_INVALID' } });
    const text = { schema: { type: 'string' }, repairsMax: 0 };
    expect(planned([step('a', [inline(1)])], "'x'", { output: text }).settle().output).toBe('"x"');
  });

  it.each([
    ['later', [step('a', [inline($('steps.b.result + `1`'))]), step('b', [inline(1)])], 'input', 'a: Only numbers'],
    ['unknown names', [step('a', [inline($('nothing.here'))])], 'input', 'a: The plan has no nothing.here here'],
    ['everything', [step('a', [inline($('@'))])], 'input', 'a: The plan has no @ here'],
    ['no history', [step('a', [inline(1)])], 'history', 'output: The plan has no history here'],
    ['unreadable', [step('a', [inline($('n +'))])], 'input', 'a: The expression cannot be read at its end'],
    ['too much', [step('a', [inline(1)])], `[input,input]|${Array(300).fill('[@,@]').join('|')}`, 'output: '],
  ])('that reads %s fails and names the step', (_, steps, output, why) => {
    const world = planned(steps, output);
    expect(world.settle()).toMatchObject({ status: 'failed', error: { code: 'EXPRESSION_FAILED' } });
    expect(world.fold().error!.message).toContain(why);
    sound(world);
  });

  it('of a hundred steps takes a few decisions, none of them larger than an entry may be', () => {
    const narrow = Array.from({ length: 100 }, (_, n) => step(`s${n}`, [inline(n), inline(n)]));
    const long = planned(narrow, 'steps.s99.result', { limits: { stepsMax: 100 } });
    expect(long.settle()).toMatchObject({ status: 'completed', output: '100' });
    const sizes = long.journal.map(({ bytes, entry }) => [
      bytes.length,
      entry!.kind === 'decision.v1' && entry!.body.events.length,
    ]);
    for (const [bytes, events] of sizes) expect([Number(bytes) < 500_000, Number(events) <= 256]).toEqual([true, true]);
    sound(long);
  });

  it('gives the expressions of one step one measure of work', () => {
    const heavy = $(`length(split('${'x '.repeat(900)}', ' '))`);
    const world = planned([step('a', [{ tool: 'inline', arguments: { n: Array(60).fill(heavy) } }])], 'input');
    expect(world.settle().error?.message).toContain('a: The expression takes more than 20000 units of work');
    sound(world);
  });

  it('stops when it is cancelled', () => {
    const script = [{ calls: [{ tool: 'pure', outcome: 'silent' as const }] }];
    const world = planned([step('a', [remote('pure', 1)])], 'input', { script });
    world.decideFrom(world.fold());
    world.cancel();
    expect(world.settle().status).toBe('cancelled');
    sound(world);
  });
});
