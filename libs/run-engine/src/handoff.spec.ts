import { describe, expect, it } from 'vitest';
import { inferWork, sessionSave } from './effects.js';
import { explain } from './explain.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, type StepScript, type WorldOptions } from './script.fixture.js';
import { HANDOFFS_MAX } from './settings.js';
import type { RunState } from './state.js';
import { verifyJournal } from './verify.js';
import { viewOf } from './view.js';
import { World } from './world.fixture.js';

const call = (tool: string, more: Partial<CallScript> = {}): CallScript => ({ tool, outcome: 'ok', ...more });
const step = (...calls: CallScript[]): StepScript => ({ calls });
const NEXT = { next: { instructions: 'Go on.', tools: ['pure'] } };

function played(options: Partial<WorldOptions>): { world: World; state: RunState } {
  const world = new World({ script: [], successors: NEXT, ...options });
  const state = world.settle();
  expect(verifyJournal(world.journal)).toMatchObject({ ok: true, faults: [] });
  expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
  return { world, state };
}
const handedOff = (world: World) =>
  eventsOf(world).flatMap((event) => (event.type === 'run.handed-off' ? [event] : []));

describe('a run that is handed to another agent', () => {
  it('goes on with its instructions and the conversation so far', () => {
    const { world, state } = played({ script: [step(call('pure')), step(call('to_next')), step(call('pure'))] });
    expect(state).toMatchObject({ status: 'completed', output: 'Done.', toolCalls: 3, denied: 0 });
    expect(world.prompts[1]).toMatch(/^system:Be useful\./);
    expect(world.prompts[2]).toMatch(/^system:Go on\.\|user:Before\|user:Hello\|assistant:step 1\|tool:/);
    expect(world.prompts[2]).toMatch(/tool:\{"note":"The run goes on as agent next\."\}$/);
    expect(sessionSave(state).messages).toHaveLength(1 + 3 * 2 + 1);
    expect(viewOf(world.journal)).toMatchObject({
      agent: 'agent-1',
      handoffs: [{ step: 2, callId: 'call_2_0', agent: 'next' }],
    });
    expect(explain(world.journal).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^Allowed call_2_0 to_next and handed the run to agent next .*by rule yes/),
    );
  });

  it('is asked of the model and judged by the rules of the agent that has it', () => {
    const world = new World({ script: [step(call('to_next'))], successors: NEXT });
    const asked: string[] = [];
    const { authorize } = world.policy;
    world.policy.authorize = (question, callId) => {
      asked.push(`${question.agent}:${question.tool}`);
      return authorize(question, callId);
    };
    world.options.script.push(step(call('pure')));
    let work: ReturnType<typeof inferWork> | undefined;
    const send = world.send.bind(world);
    world.send = (effect, dispatch) => {
      if (effect.kind === 'infer') work = inferWork(world.fold(), dispatch);
      send(effect, dispatch);
    };
    world.settle();
    expect(asked).toEqual(['agent-1:to_next', 'next:pure']);
    expect(work).toMatchObject({ agent: 'next' });
  });

  it('answers all other calls of the step under the agent that made them first', () => {
    const calls = [call('to_next'), call('pure'), call('to_first'), call('unsafe'), call('to_next'), call('pure')];
    const { world, state } = played({ script: [step(...calls)] });
    expect(Object.values(state.calls).map(({ status, error }) => error?.code ?? status)).toEqual([
      'completed',
      'completed',
      'HANDOFF_REFUSED',
      'completed',
      'HANDOFF_REFUSED',
      'completed',
    ]);
    const types = eventsOf(world).flatMap((event) => ('callId' in event ? [`${event.type} ${event.callId}`] : []));
    expect(types.slice(-3)).toEqual(['run.handed-off call_1_0', 'tool.refused call_1_2', 'tool.refused call_1_4']);
    for (const id of ['call_1_2', 'call_1_4'])
      expect(state.calls[id]!.error!.message).toContain('handed the run to agent next already');
  });

  it('stays where it is when policy, the kill switch or the lack of the agent says so, and the model is told', () => {
    const refused = (options: Partial<WorldOptions>): unknown => {
      const { world, state } = played(options);
      expect(state).toMatchObject({ status: 'completed', handoffs: [], denied: 1 });
      expect(world.prompts.at(-1)).toMatch(/^system:Be useful\./);
      expect(world.prompts.at(-1)).toContain(state.calls['call_1_0']!.error!.code);
      return state.calls['call_1_0']!.error;
    };
    const script = [step(call('to_next'))];
    expect(refused({ script, denied: ['to_next'] })).toMatchObject({ code: 'TOOL_DENIED' });
    expect(refused({ script, halted: 'enough', haltOf: 'next' })).toMatchObject({
      code: 'AGENT_HALTED',
      message: 'Agent next is halted: enough',
    });
    expect(refused({ script: [step(call('to_nobody'))] })).toMatchObject({ code: 'AGENT_UNKNOWN' });
    expect(refused({ script: [step(call('to_next', { arguments: '{}' }))] })).toMatchObject({
      code: 'TOOL_ARGUMENTS_INVALID',
    });
    const plan = { steps: [], output: 'input', history: false };
    expect(refused({ script, successors: { next: { plan } } })).toMatchObject({ code: 'HANDOFF_REFUSED' });
  });

  it('takes the next call that is permitted where the first one is not', () => {
    const calls = [call('to_nobody'), call('to_next', { arguments: '{}' }), call('to_next')];
    const { state } = played({ script: [step(...calls)] });
    expect(state.handoffs).toEqual([{ step: 1, callId: 'call_1_2', agent: 'next' }]);
  });

  it.each(['parallel', 'sequence'] as const)('is never one of an agent with a plan (%s)', (order) => {
    const planned = { tool: 'to_next', arguments: { n: 1 } };
    const steps = [{ id: 's', calls: [planned], order, onError: 'continue' as const }];
    const { state } = played({ plan: { steps, output: 'input', history: false }, planOf: 'agent-1' });
    expect(state).toMatchObject({ status: 'completed', handoffs: [] });
    expect(state.calls['call_1_0']!.error!.code).toBe('HANDOFF_REFUSED');
  });

  it('goes to and fro a bounded number of times', () => {
    const script = Array.from({ length: HANDOFFS_MAX + 2 }, (_, at) =>
      step(call(at % 2 === 0 ? 'to_next' : 'to_first')),
    );
    const { state } = played({ script, successors: { next: {} } });
    expect(state.handoffs).toHaveLength(HANDOFFS_MAX);
    const last = Object.values(state.calls).slice(HANDOFFS_MAX);
    expect(last.map(({ error }) => error?.code)).toEqual(['LIMIT_HANDOFFS', 'HANDOFF_REFUSED']);
    expect(state.status).toBe('completed');
  });

  it('asks a person first where a rule wants approval', () => {
    const world = new World({ script: [step(call('pure'), call('to_next'))], successors: NEXT });
    const { authorize } = world.policy;
    world.policy.authorize = (question, callId) =>
      question.tool === 'to_next' ? authorize({ ...question, tool: 'careful' }, callId) : authorize(question, callId);
    const waits = world.settle(0.5);
    expect(waits).toMatchObject({ status: 'waiting', handoffs: [] });
    world.answerAll();
    for (const questionId of Object.keys(waits.questions)) world.approve(questionId, 'approve');
    const state = world.settle();
    expect(state).toMatchObject({ status: 'completed', handoffs: [{ callId: 'call_1_1' }] });
    expect(handedOff(world)[0]!.decision).toMatchObject({ kind: 'approval', answer: { userId: 'user-1' } });
    expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
  });

  it('promises the output of the agent that ends it', () => {
    const output = { schema: { type: 'object' }, repairsMax: 0 };
    const script = [step(call('to_next')), { calls: [], text: 'Not JSON.' }];
    expect(played({ script, output }).state.error?.code).toBe('OUTPUT_INVALID');
    const next = { next: { instructions: 'Go on.', output } };
    expect(played({ script, successors: next }).state.error?.code).toBe('OUTPUT_INVALID');
    const [event] = handedOff(played({ script, successors: next }).world);
    const { output: _, ...free } = event!.agent;
    expect(played({ script: [{ calls: [], text: 'Not JSON.' }], successors: { next: free } }).state.status).toBe(
      'completed',
    );
  });
});

describe('the limits of a run that is handed over', () => {
  const limits = {
    stepsMax: 4,
    tokensMax: 1_000,
    costNanoUsdMax: 1e6,
    toolCallsMax: 5,
    parallelToolCallsMax: 2,
    wallMsMax: 60_000,
  };

  it('are what is used up and what the agent may use itself, within those of the run', () => {
    const script = [step(call('pure')), step(call('to_next'))];
    const own = {
      ...limits,
      stepsMax: 1,
      tokensMax: 100,
      costNanoUsdMax: 1e9,
      toolCallsMax: 9,
      parallelToolCallsMax: 9,
    };
    const { world } = played({
      script,
      limits: { ...limits, depthMax: 2 },
      successors: { next: { limits: { ...own, depthMax: 9 } } },
    });
    expect(handedOff(world)[0]!.limits).toEqual({
      stepsMax: 3,
      tokensMax: 130,
      costNanoUsdMax: 1e6,
      toolCallsMax: 5,
      parallelToolCallsMax: 2,
      wallMsMax: 60_000,
      depthMax: 2,
    });
  });

  it('never give more time', () => {
    const script = [step(call('to_next'))];
    const { world, state } = played({
      script,
      limits,
      successors: { next: { limits: { ...limits, wallMsMax: 1e9 } } },
    });
    const started = eventsOf(world).find((event) => event.type === 'run.started')!;
    expect(handedOff(world)[0]!.deadlineAt).toBe(started.deadlineAt);
    const tight = played({ script, limits, successors: { next: { limits: { ...limits, wallMsMax: 100 } } } });
    expect(handedOff(tight.world)[0]!.deadlineAt).toBeLessThan(started.deadlineAt);
    expect(state.plan!.startedAt).toBe(started.deadlineAt - limits.wallMsMax);
  });

  it('cannot be widened in the journal without being found when it is decided again', () => {
    const { world } = played({ script: [step(call('to_next'), call('to_next'))], limits });
    const [event] = handedOff(world);
    event!.limits.tokensMax += 1;
    expect(redecide(world.journal).ok).toBe(false);
    event!.limits.tokensMax -= 1;
    expect(redecide(world.journal).ok).toBe(true);
    event!.deadlineAt += 1;
    expect(redecide(world.journal).ok).toBe(false);
  });

  it('count the calls that hand over', () => {
    const { world, state } = played({ script: [step(call('to_next'))], limits: { ...limits, toolCallsMax: 0 } });
    expect(state).toMatchObject({ status: 'failed', error: { code: 'LIMIT_TOOL_CALLS' }, handoffs: [] });
    expect(handedOff(world)).toEqual([]);
    const denied = played({
      script: [step(call('to_next'))],
      limits: { ...limits, toolCallsMax: 0 },
      denied: ['to_next'],
    });
    expect(denied.state.status).toBe('completed');
  });
});

describe('the kill switch', () => {
  it.each(['next', 'agent-1'])('ends a run that was handed over when it holds %s', (agent) => {
    const world = new World({
      script: [step(call('to_next')), step(call('timer', { arguments: '{"ms":5000000}' }))],
      successors: { next: {} },
    });
    expect(world.settle(0.5).handoffs).toHaveLength(1);
    world.options.halted = 'enough';
    world.options.haltOf = agent;
    expect(world.settle()).toMatchObject({ status: 'cancelled', error: { message: 'enough' } });
    expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
  });
});
