import { sha256Hex } from '@signalbox/kernel';
import { describe, expect, it } from 'vitest';
import { approvalOf } from './approval.js';
import { explain } from './explain.js';
import { outstanding, toolWork } from './effects.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, type WorldOptions } from './script.fixture.js';
import type { StoredEntry } from './state.js';
import { verifyJournal } from './verify.js';
import { viewOf } from './view.js';
import { START_MS, World } from './world.fixture.js';

const DAY_MS = 86_400_000;
const careful = (change: Partial<CallScript> = {}): CallScript => ({ tool: 'careful', outcome: 'ok', ...change });
const ARGUMENTS = '{"n":1}';
const signed = ({ journal }: World): StoredEntry[] => journal.map((entry) => ({ ...entry, seal: 'verified' }));

/** A run that asks for the approval of its calls, and nobody has answered. */
function asking(calls: CallScript[], options: Partial<WorldOptions> = {}): World {
  const world = new World({ script: [{ calls }], ...options });
  for (let round = 0; round < 50; round++) {
    const state = world.fold();
    world.decideFrom(state);
    for (const ask of outstanding(world.fold())) if (ask.kind !== 'tool') world.send(ask, 1);
    world.flying.shift()?.();
    world.flying.length = 0;
    if (world.fold().status === 'waiting') return world;
  }
  throw new Error('nobody was asked');
}

describe('a call that needs approval', () => {
  it('is asked about, shown with its arguments, and runs once its own person agrees', () => {
    const world = asking([careful()]);
    const { question, status } = viewOf(world.journal);
    expect({ status, question }).toMatchObject({
      status: 'waiting',
      question: {
        questionId: 'q_call_1_0_0',
        choices: ['approve', 'deny'],
        expiresAt: START_MS + DAY_MS,
        approval: {
          tool: 'careful',
          arguments: ARGUMENTS,
          argumentsHash: sha256Hex(ARGUMENTS),
          approvers: ['user-1'],
        },
      },
    });
    world.approve('q_call_1_0_0', 'approve');
    world.decideFrom(world.fold());
    const state = world.fold();
    expect(toolWork(state, 'call_1_0', 1).decision).toMatchObject({
      outcome: 'permit',
      kind: 'approval',
      rules: ['ask'],
      answer: { questionId: 'q_call_1_0_0', userId: 'user-1' },
    });
    expect(world.settle()).toMatchObject({ status: 'completed', toolCalls: 1, denied: 0 });
    expect(redecide(world.journal)).toMatchObject({ ok: true });
    expect(verifyJournal(world.journal).ok).toBe(true);
    const story = explain(world.journal)
      .map(({ text }) => text)
      .join('\n');
    expect(story).toContain('Asked a person (q_call_1_0_0): May the tool careful run');
    expect(story).toContain('User user-1 answers q_call_1_0_0: approve');
    expect(story).toContain('approval by rule ask: User user-1 approved exactly this call.');
  });

  it('is refused when the person says no, and the model reads it', () => {
    const world = asking([careful()]);
    world.approve('q_call_1_0_0', 'deny');
    expect(world.settle()).toMatchObject({ status: 'completed', toolCalls: 0, denied: 1 });
    expect(world.prompts.at(-1)).toContain('APPROVAL_DENIED');
    expect(world.started.size).toBe(0);
    expect(redecide(world.journal).ok).toBe(true);
  });

  it('is refused when nobody answers in time, and a late yes counts for nothing', () => {
    const world = asking([careful()], { terms: { withinMs: 5_000 } });
    world.nowMs += 5_000;
    world.approve('q_call_1_0_0', 'approve');
    expect(world.fold().questions['q_call_1_0_0']?.answer).toBeNull();
    expect(world.settle()).toMatchObject({ status: 'completed', toolCalls: 0, denied: 1 });
    expect(world.prompts.at(-1)).toContain('APPROVAL_EXPIRED');
    world.approve('q_call_1_0_0', 'approve');
    expect(world.settle().toolCalls).toBe(0);
    expect(redecide(world.journal).ok).toBe(true);
  });

  it('is approved by nobody but whom the rules name, and only with the arguments that were shown', () => {
    const world = asking([careful()], { terms: { withinMs: DAY_MS, approvers: ['user-7'] } });
    world.approve('q_call_1_0_0', 'approve');
    const principal = { keyId: 'key-7', userId: 'user-7' };
    world.approve('q_call_1_0_0', 'approve', { principal, argumentsHash: 'e'.repeat(64) });
    const { argumentsHash: _, ...bare } = { principal, argumentsHash: undefined };
    world.fact('question.answered.v1', { ...bare, questionId: 'q_call_1_0_0', choice: 'approve', answeredAt: 1 });
    expect(world.fold().questions['q_call_1_0_0']?.answer).toBeNull();
    world.approve('q_call_1_0_0', 'retry' as 'approve', { principal });
    expect(world.fold().questions['q_call_1_0_0']?.answer).toBeNull();
    world.approve('q_call_1_0_0', 'approve', { principal });
    expect(world.settle()).toMatchObject({ status: 'completed', toolCalls: 1 });
  });

  it('is one call: the same again is asked about again, and parallel ones each for themselves', () => {
    const world = new World({
      script: [
        { calls: [careful({ answer: 'approve' }), careful({ answer: 'deny' })] },
        { calls: [careful({ answer: 'deny' })] },
      ],
    });
    expect(world.settle()).toMatchObject({ status: 'completed', toolCalls: 1, denied: 2 });
    expect(eventsOf(world).filter(({ type }) => type === 'question.asked')).toHaveLength(3);
    expect([...world.started.keys()]).toEqual(['call_1_0:1']);
    expect(redecide(world.journal).ok).toBe(true);
  });

  it('does not run by the word of a worker, nor after whoever approved it lost the right', () => {
    const world = asking([careful()], { terms: { withinMs: DAY_MS } });
    world.fact('tool.completed.v1', {
      callId: 'call_1_0',
      attempt: 0,
      result: 'paid',
      truncated: false,
      redactions: {},
      receipt: { driver: 'x', mechanisms: [], killCause: 'none', egress: [] } as never,
      completedAt: START_MS,
    });
    expect(world.fold().calls['call_1_0']?.status).toBe('approving');
    world.approve('q_call_1_0_0', 'approve');
    world.options.terms = { withinMs: DAY_MS, approvers: ['user-7'] };
    expect(world.settle()).toMatchObject({ toolCalls: 0, denied: 1 });
    expect(world.prompts.at(-1)).toContain('APPROVAL_DENIED');
  });

  it('may be cancelled while it waits', () => {
    const world = asking([careful()]);
    world.cancel();
    expect(world.settle().status).toBe('cancelled');
  });
});

describe('who runs an approved call', () => {
  const wanted = { callId: 'call_1_0', tool: 'careful', arguments: ARGUMENTS };

  it('finds the signed yes of who may, for exactly this call', () => {
    const world = asking([careful()], { terms: { withinMs: DAY_MS, approvers: ['user-1', 'user-7'] } });
    expect(approvalOf(signed(world), wanted)).toBeNull();
    world.approve('q_call_1_0_0', 'approve');
    expect(approvalOf(signed(world), wanted)).toBeNull();
    world.decideFrom(world.fold());
    expect(approvalOf(signed(world), wanted)).toEqual({ questionId: 'q_call_1_0_0', userIds: ['user-1'] });
    expect(approvalOf(signed(world), { ...wanted, terms: { withinMs: DAY_MS, approvers: ['user-7'] } })).toBeNull();
    expect(approvalOf(signed(world), { ...wanted, arguments: '{"n":2}' })).toBeNull();
    expect(approvalOf(signed(world), { ...wanted, tool: 'unsafe' })).toBeNull();
    expect(approvalOf(signed(world), { ...wanted, callId: 'call_1_1' })).toBeNull();
  });

  it('believes no answer whose seal nobody has checked', () => {
    const world = asking([careful()]);
    world.approve('q_call_1_0_0', 'approve');
    world.decideFrom(world.fold());
    for (const seal of ['unchecked', 'invalid'] as const) {
      const doubtful = signed(world).map((stored) =>
        stored.entry?.kind === 'question.answered.v1' ? { ...stored, seal } : stored,
      );
      expect(approvalOf(doubtful, wanted)).toBeNull();
    }
  });
});
