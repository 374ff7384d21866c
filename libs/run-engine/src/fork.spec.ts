import type { Message } from '@signalbox/contracts';
import { PREFIX_BYTES_MAX } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from './explain.js';
import { foldJournal } from './evolve.js';
import { prefixAt } from './fork.js';
import { promptFor } from './prompt.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, type StepScript, type WorldOptions } from './script.fixture.js';
import { verifyJournal } from './verify.js';
import { viewOfState } from './view.js';
import { RUN_ID, World } from './world.fixture.js';

const SOURCE = 'run_05_0123456789abcdefghjkmnpqrs';
const PLAN: NonNullable<WorldOptions['plan']> = {
  steps: [{ id: 's1', calls: [{ tool: 'pure', arguments: { n: 1 } }], order: 'parallel', onError: 'stop' }],
  output: '`"x"`',
  history: false,
};
const unsafe: CallScript = { tool: 'unsafe', outcome: 'ok', result: 'booked' };
const SCRIPT: StepScript[] = [
  { calls: [unsafe], text: 'I book.' },
  { calls: [{ tool: 'pure', outcome: 'TOOL_FAILED' }], text: 'I look.' },
  { calls: [], text: 'All done.' },
];

function ran(options: Partial<WorldOptions> = {}): World {
  const world = new World({ script: SCRIPT, ...options });
  world.settle();
  return world;
}

/** A run that begins where the other one was after the step. */
function forkOf(
  { journal }: World,
  step: number,
  { input = [], model, instructions, ...options }: Partial<WorldOptions> & ForkOptions = {},
): World {
  const { messages, ...at } = prefixAt(journal, step);
  const wanted = { ...(model === undefined ? {} : { model }), ...(instructions === undefined ? {} : { instructions }) };
  const fork = { runId: SOURCE, step, ...wanted, ...at };
  return new World({
    script: [{ calls: [], text: 'Another end.' }],
    ...options,
    accepted: { fork, prefix: messages, input },
  });
}
interface ForkOptions {
  input?: Message[];
  model?: string;
  instructions?: string;
}

const faultOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    const { code, message } = MeshError.from(error);
    return `${code}: ${message}`;
  }
  return 'none';
};

describe('a prefix', () => {
  it('is what the model would read after that step', () => {
    const roles = (step: number): string[] => prefixAt(ran().journal, step).messages.map(({ role }) => role);
    expect(roles(0)).toEqual(['user', 'user']);
    expect(roles(1)).toEqual(['user', 'user', 'assistant', 'tool']);
    expect(roles(2)).toEqual(['user', 'user', 'assistant', 'tool', 'assistant', 'tool']);
    expect(roles(3)).toEqual(['user', 'user', 'assistant', 'tool', 'assistant', 'tool', 'assistant']);
  });

  it('names the entry, and the hash chain up to it', () => {
    const { journal } = ran();
    for (const step of [0, 1, 2, 3]) {
      const { seq, head } = prefixAt(journal, step);
      expect(verifyJournal(journal.filter((stored) => stored.seq <= seq)).head).toBe(head);
    }
  });

  it('is there only once every call of the step is settled', () => {
    const world = new World({ script: [{ calls: [unsafe, { tool: 'careful', outcome: 'ok' }] }] });
    world.settle(1);
    expect(world.fold().status).toBe('waiting');
    expect(faultOf(() => prefixAt(world.journal, 1))).toMatch(/^REQUEST_INVALID: The run has 0 completed steps/);
    expect(prefixAt(world.journal, 0).messages).toHaveLength(2);
  });

  it('is not had of what is not there', () => {
    const { journal } = ran();
    expect(faultOf(() => prefixAt(journal, 4))).toMatch(/^REQUEST_INVALID: The run has 3 completed steps/);
    expect(faultOf(() => prefixAt([], 0))).toMatch(/^REQUEST_INVALID/);
    expect(faultOf(() => prefixAt(journal.slice(0, 1), 0))).toMatch(/^REQUEST_INVALID/);
  });

  it('is not had of a plan, nor of a conversation without bounds', () => {
    const planned = new World({ script: [], plan: PLAN });
    planned.settle();
    expect(faultOf(() => prefixAt(planned.journal, 0))).toMatch(/^REQUEST_INVALID: A run that follows a plan/);
    const { journal } = ran({ accepted: { input: [{ role: 'user', content: 'x'.repeat(PREFIX_BYTES_MAX) }] } });
    expect(faultOf(() => prefixAt(journal, 1))).toMatch(/^REQUEST_TOO_LARGE/);
  });

  it('says at every step what the run itself was asked with next', () => {
    const call: fc.Arbitrary<CallScript> = fc.record({
      tool: fc.constantFrom('pure', 'keyed', 'unsafe', 'nothing'),
      outcome: fc.constantFrom('ok', 'TOOL_FAILED', 'silent'),
    });
    const steps = fc.array(fc.record({ calls: fc.array(call, { minLength: 1, maxLength: 3 }) }), { maxLength: 3 });
    fc.assert(
      fc.property(steps, (script) => {
        const world = ran({ script });
        for (const [index, prompt] of world.prompts.entries()) {
          const said = prefixAt(world.journal, index).messages.map(({ role, content }) => `${role}:${content}`);
          const known = ['system:Be useful.', ...said].join('|');
          // What the engine remarked on the last step is its own to say again.
          expect(prompt.slice(0, known.length)).toBe(known);
          expect(prompt.slice(known.length)).toMatch(/^(\|user:Note from the run engine: [^|]*)?$/);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('a fork', () => {
  it('goes on from there, makes no call of the prefix again, and asks no memory for history', () => {
    const source = ran();
    const world = forkOf(source, 1);
    const end = world.settle();
    expect(end).toMatchObject({ status: 'completed', output: 'Another end.', toolCalls: 0 });
    expect([...world.started.keys()]).toEqual([]);
    expect(world.prompts).toEqual([source.prompts[1]]);
    expect(eventsOf(world).map(({ type }) => type)).not.toContain('session.requested');
    // What its session keeps is the whole conversation: it can be continued like any other.
    expect(world.saved).toEqual([5]);
    expect(end.usage).toEqual({ inputTokens: 10, outputTokens: 5 });
  });

  it('has another model and other instructions, and says what is added', () => {
    const input: Message[] = [{ role: 'user', content: 'Rather not.' }];
    const world = forkOf(ran(), 1, { model: 'model-2', instructions: 'Be brief.', input });
    world.settle();
    const [started, asked] = eventsOf(world);
    expect(started).toMatchObject({
      type: 'run.started',
      agent: { instructions: 'Be brief.' },
      model: { id: 'model-2' },
    });
    expect(asked).toMatchObject({ type: 'model.requested', model: 'model-2' });
    expect(world.prompts[0]).toMatch(/^system:Be brief\.\|.*\|tool:booked\|user:Rather not\.$/);
  });

  it('stands by itself: verified, decided again, told and shown from its own journal', () => {
    const world = forkOf(ran(), 2, { model: 'model-2' });
    world.settle();
    expect(verifyJournal(world.journal)).toMatchObject({ ok: true, faults: [] });
    expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
    expect(explain(world.journal)[0]!.text).toContain(
      `Forked from ${SOURCE} after step 2: 6 messages come before its own, model model-2.`,
    );
    expect(viewOfState(foldJournal(world.journal)).fork).toEqual({ runId: SOURCE, step: 2, model: 'model-2' });
  });

  it('can be forked itself', () => {
    const first = forkOf(ran(), 1, { script: [{ calls: [{ tool: 'pure', outcome: 'ok' }], text: 'Again.' }] });
    first.settle();
    const second = forkOf(first, 1);
    second.settle();
    expect(second.prompts[0]).toContain('tool:booked|assistant:Again.|tool:result of call_1_0');
    expect(prefixAt(first.journal, 0).messages).toEqual(first.fold().accepted!.prefix);
  });

  it('fails where its agent has a plan by now', () => {
    expect(forkOf(ran(), 1, { plan: PLAN }).settle()).toMatchObject({
      status: 'failed',
      error: { code: 'REQUEST_INVALID' },
    });
  });

  it('counts the prefix in what a model call may cost', () => {
    const tight = forkOf(ran(), 2, { limits: { tokensMax: 20 } }).settle();
    expect(tight).toMatchObject({ status: 'failed', error: { code: 'LIMIT_TOKENS' } });
    expect(promptFor(tight).length).toBe(7);
    expect(tight.accepted!.runId).toBe(RUN_ID);
  });
});
