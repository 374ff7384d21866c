import type { DecisionV1, RunEvent } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { evolve, evolveAll, foldJournal } from './evolve.js';
import { receiptOf } from './script.fixture.js';
import { ENGINE_VERSION } from './settings.js';
import { type RunState, newRun, type StoredEntry } from './state.js';
import { SUBJECT, World } from './world.fixture.js';

const CALL_LIMITS = { wallMs: 1, cpuMs: 1, memoryBytes: 1, pidsMax: 1, outputBytesMax: 1, tmpBytesMax: 1 };
const COMMON = { provider: 'sim', upstream: 'sim', simulated: true, tries: [], redactions: {} };

/** The journal of a long run, one call a step, without the work of deciding it. */
function journalOf(steps: number): StoredEntry[] {
  const world = new World({ script: [] });
  world.decideFrom(world.fold());
  const bundle = { version: 1, hash: 'b'.repeat(64) };
  const decided = (events: RunEvent[]): void =>
    world.fact('decision.v1', {
      head: world.fold().head,
      decidedAt: 1,
      engine: ENGINE_VERSION,
      events,
    } satisfies DecisionV1);
  for (let step = 1; step <= steps; step++) {
    const recipe = { messages: 1, tools: [] };
    const asked = {
      step,
      attempt: 1,
      model: 'm',
      provider: 'sim',
      recipe,
      outputTokensMax: 1,
      timeoutMs: 1,
      reason: '',
    };
    decided([{ type: 'model.requested', ...asked }]);
    const toolCalls = [{ callId: 'x', name: 'pure', arguments: '{}' }];
    const answer = {
      content: '',
      toolCalls,
      finish: 'tool_calls' as const,
      usage: { inputTokens: 1, outputTokens: 1 },
    };
    world.fact('model.completed.v1', { step, attempt: 1, ...answer, ...COMMON, costNanoUsd: 1, completedAt: 1 });
    const callId = `call_${step}_0`;
    const decision = { outcome: 'permit' as const, kind: 'permit' as const, rules: [], reason: '', bundle };
    const call = {
      step,
      callId,
      attempt: 1,
      tool: 'pure',
      arguments: '{}',
      argumentsHash: 'a',
      timeoutMs: 1,
      decision,
    };
    decided([{ type: 'tool.requested', ...call, effect: 'pure', tier: 'T0', limits: CALL_LIMITS }]);
    const receipt = receiptOf(CALL_LIMITS);
    const result = { result: `result ${step}`, truncated: false, redactions: {}, receipt, completedAt: 1 };
    world.fact('tool.completed.v1', { callId, attempt: 1, ...result });
  }
  return world.journal;
}

/** CPU time of this process for one fold, the best of some, µs. */
function cpuOf(work: () => unknown): number {
  const times = Array.from({ length: 7 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...times);
}

describe('the cost of folding', () => {
  it('grows with the number of entries, not with its square', () => {
    const whole = journalOf(1_000);
    const quarter = whole.slice(0, whole.length / 4);
    expect(foldJournal(whole).steps).toHaveLength(1_000);
    // Four times the entries: 4 when linear, 16 when every entry copies what came before.
    const ratio = cpuOf(() => foldJournal(whole)) / cpuOf(() => foldJournal(quarter));
    expect(ratio).toBeLessThan(9);
  });

  it('is paid without sharing: no state that was handed out changes later', () => {
    const journal = journalOf(5);
    let state: RunState = newRun(SUBJECT);
    const states = journal.map((entry) => (state = evolve(state, entry)));
    const copies = states.map((one) => structuredClone(one));
    for (const [at, one] of states.entries())
      expect(evolveAll(one, journal.slice(at + 1))).toEqual(foldJournal(journal));
    expect(states).toEqual(copies);
  });
});
