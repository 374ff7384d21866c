import { describe, expect, it } from 'vitest';
import { explain } from './explain.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf } from './script.fixture.js';
import { verifyJournal } from './verify.js';
import { World } from './world.fixture.js';

const call = (args: string, tool = 'inline'): CallScript => ({ tool, arguments: args, outcome: 'ok' });
const kinds = (world: World): string[] => eventsOf(world).map(({ type }) => type);

describe('an inline tool', () => {
  it('is judged, worked out and answered in the decision that follows the model, and the next step with it', () => {
    const world = new World({ script: [{ calls: [call('{"n":1}'), call('{"n":41}')] }] });
    const state = world.settle();
    expect(state).toMatchObject({ status: 'completed', toolCalls: 2, output: 'Done.' });
    expect([state.calls['call_1_0']!.result, state.calls['call_1_1']!.result]).toEqual(['2', '42']);
    expect(world.prompts.at(-1)).toContain('tool:2|tool:42');
    const entries = world.journal.map(({ entry }) => entry!);
    const decision = entries.find(
      ({ kind, body }) => kind === 'decision.v1' && body.events.some(({ type }) => type === 'tool.inlined'),
    );
    expect(decision?.body).toMatchObject({
      events: [
        { type: 'tool.inlined', result: '2', decision: { outcome: 'permit', rules: ['yes'] } },
        { type: 'tool.inlined', result: '42' },
        { type: 'model.requested', step: 2 },
      ],
    });
    expect(world.started.size).toBe(0);
    expect(explain(world.journal).map(({ text }) => text)).toContain(
      'Allowed call_1_1 inline and worked it out: permit by rule yes: allowed (bundle v1)',
    );
  });

  it('answers beside calls that are carried out, and takes no turn of theirs', () => {
    const world = new World({
      script: [{ calls: [call('{"n":1}', 'pure'), call('{"n":1}'), call('{"n":2}', 'keyed'), call('{"n":2}')] }],
      limits: { parallelToolCallsMax: 1 },
    });
    const state = world.settle();
    expect(Object.values(state.calls).map(({ status }) => status)).toEqual(Array(4).fill('completed'));
    expect(kinds(world).filter((type) => type.startsWith('tool.'))).toEqual([
      'tool.requested',
      'tool.inlined',
      'tool.inlined',
      'tool.requested',
    ]);
  });

  it('is refused like any other: by policy, by its schema, by the limit of calls', () => {
    const refused = new World({ script: [{ calls: [call('{"n":1}'), call('{"n":"x"}')] }], denied: ['inline'] });
    expect(Object.values(refused.settle().calls).map(({ error }) => error?.code)).toEqual([
      'TOOL_DENIED',
      'TOOL_ARGUMENTS_INVALID',
    ]);
    const many = new World({
      script: [{ calls: [call('{"n":1}'), call('{"n":2}'), call('{"n":3}')] }],
      limits: { toolCallsMax: 2 },
    });
    expect(many.settle()).toMatchObject({ status: 'failed', error: { code: 'LIMIT_TOOL_CALLS' }, toolCalls: 2 });
  });

  it.each([
    ['what has no value', 'arguments.n / `0`', 'EXPRESSION_FAILED', 'no number'],
    ['what cannot be read', 'arguments.n +', 'EXPRESSION_FAILED', 'cannot be read'],
    ['what is too large', "join('', ['" + 'x'.repeat(2_000) + "'])", 'TOOL_OUTPUT_TOO_LARGE', 'larger than 1000 bytes'],
    ['what is too much', Array(300).fill('[@,@]').join('|'), 'EXPRESSION_FAILED', 'nested deeper'],
  ])('%s gives the model an error to read', (_, expression, code, why) => {
    const world = new World({ script: [{ calls: [call('{"n":1}')] }], expression });
    const state = world.settle();
    expect(state).toMatchObject({ status: 'completed', calls: { call_1_0: { status: 'failed', error: { code } } } });
    expect(world.prompts.at(-1)).toContain(`{"error":{"code":"${code}"`);
    expect(state.calls['call_1_0']!.error!.message).toContain(why);
    expect(redecide(world.journal)).toMatchObject({ ok: true });
  });

  it('is worked out again by redecide, which finds a result that nobody could have got', () => {
    const world = new World({ script: [{ calls: [call('{"n":1}')] }] });
    world.settle();
    expect(verifyJournal(world.journal).ok).toBe(true);
    expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
    for (const event of eventsOf(world)) if (event.type === 'tool.inlined') event.result = '3';
    expect(redecide(world.journal)).toMatchObject({ ok: false, differences: [{ found: [{ result: '3' }, {}] }] });
  });

  it('fills no entry beyond what one may hold', () => {
    // White space counts: what is decided on is the text.
    const args = `{"n":${' '.repeat(60_000)}1}`;
    const world = new World({ script: [{ calls: Array.from({ length: 40 }, () => call(args)) }] });
    expect(world.settle().toolCalls).toBe(40);
    const decisions = world.journal.filter(({ entry }) => entry!.kind === 'decision.v1');
    expect(Math.max(...decisions.map(({ bytes }) => bytes.length))).toBeLessThan(524_288);
    expect(redecide(world.journal)).toMatchObject({ ok: true });
  });
});
