import { describe, expect, it, vi } from 'vitest';
import { childEndOf, parentEndOf, spawnOf } from './children.js';
import { effectsOf, outstanding } from './effects.js';
import { evolveAll } from './evolve.js';
import { explain } from './explain.js';
import { Family } from './family.fixture.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, receiptOf, type WorldOptions } from './script.fixture.js';
import { ENGINE_WITH_FREE_WAITS, ENGINE_WITH_MOVED_DEADLINES } from './settings.js';
import { isClosed, newRun, type RunState } from './state.js';
import { timersOf } from './timers.js';
import { verifyJournal } from './verify.js';
import { viewOf, viewOfState } from './view.js';
import { START_MS, type World } from './world.fixture.js';

const ask = (tool: string, input = 'Why?'): CallScript => ({
  tool,
  outcome: 'ok',
  arguments: JSON.stringify({ input }),
});
const pure: CallScript = { tool: 'pure', outcome: 'ok' };
const family = (options: Partial<WorldOptions> & Pick<WorldOptions, 'script'>): Family => new Family(options);
const childrenOf = ({ worlds }: Family): World[] => [...worlds.values()].slice(1);
/** Until the first run below the root has asked the model. */
function underWay(runs: Family): World {
  for (let round = 0; round < 50; round++) {
    const child = childrenOf(runs)[0];
    if (child !== undefined && child.fold().steps.length > 0) return child;
    runs.advance();
  }
  throw new Error('no run was started below');
}

describe('a call that another agent carries out', () => {
  it('is answered with the answer of its run, which starts from the question alone', () => {
    const runs = family({
      script: [{ calls: [ask('helper', 'What is it?')] }],
      agents: { helper: { script: [{ calls: [pure] }, { calls: [], text: 'It is this.' }] } },
    });
    const state = runs.settle();
    expect(state.calls['call_1_0']).toMatchObject({ status: 'completed', result: 'It is this.', attempt: 1 });
    const [child] = childrenOf(runs);
    expect(child!.fold()).toMatchObject({
      status: 'completed',
      load: null,
      save: null,
      accepted: {
        sessionId: state.accepted!.sessionId,
        principal: state.accepted!.principal,
        parent: { runId: state.accepted!.runId, callId: 'call_1_0', depth: 1 },
      },
    });
    expect(child!.prompts[0]).toBe('system:Be useful.|user:What is it?');
    expect(runs.root.prompts.at(-1)).toContain('tool:It is this.');
    expect(child!.saved).toEqual([]);
    // Both calls count: the one for the run below and the one that it made.
    expect(state).toMatchObject({ toolCalls: 2, costNanoUsd: 400, usage: { inputTokens: 40, outputTokens: 20 } });
    expect(state.below).toEqual({ usage: { inputTokens: 20, outputTokens: 10 }, costNanoUsd: 200, toolCalls: 1 });
  });

  it('names its parent and its children in what people see', () => {
    const runs = family({ script: [{ calls: [ask('helper')] }], agents: { helper: { script: [] } } });
    const child = underWay(runs);
    expect(viewOf(runs.root.journal).children).toMatchObject([{ agent: 'helper', status: 'open' }]);
    runs.settle();
    const { runId } = child.fold().accepted!;
    expect(viewOf(runs.root.journal).children).toEqual([
      { runId, callId: 'call_1_0', agent: 'helper', status: 'completed' },
    ]);
    expect(viewOf(child.journal)).toMatchObject({ agent: 'helper', parent: { callId: 'call_1_0', depth: 1 } });
    const texts = explain(runs.root.journal).map(({ text }) => text);
    expect(texts.filter((text) => text.includes(runId))).toHaveLength(2);
    expect(explain(child.journal)[0]!.text).toContain('Called by call_1_0');
    for (const { journal } of runs.worlds.values())
      expect(verifyJournal(journal)).toMatchObject({ ok: true, faults: [] });
  });

  it('is given more than a question as JSON', () => {
    const args = '{"input":"Why?","depth":3}';
    const runs = family({
      script: [{ calls: [{ ...ask('helper'), arguments: args }] }],
      agents: { helper: { script: [] } },
    });
    runs.settle();
    expect(childrenOf(runs)[0]!.fold().accepted!.input).toEqual([{ role: 'user', content: args }]);
  });

  it('fails with the error of its run, and the model reads it', () => {
    const script = [{ calls: [], failures: ['PROVIDER_REJECTED' as const] }];
    const runs = family({ script: [{ calls: [ask('helper'), ask('nobody')] }], agents: { helper: { script } } });
    const state = runs.settle();
    expect(state.status).toBe('completed');
    expect(state.calls['call_1_0']).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_REJECTED' } });
    expect(state.calls['call_1_1']).toMatchObject({ status: 'failed', error: { code: 'AGENT_UNKNOWN' } });
    expect(runs.root.prompts.at(-1)).toContain('PROVIDER_REJECTED');
  });

  it('needs a permit like any other call', () => {
    const runs = family({
      script: [{ calls: [ask('helper')] }],
      agents: { helper: { script: [] } },
      denied: ['helper'],
    });
    expect(runs.settle().calls['call_1_0']).toMatchObject({ status: 'refused', error: { code: 'TOOL_DENIED' } });
    expect(runs.worlds.size).toBe(1);
  });

  it('is not answered by a worker, by another run, or twice', () => {
    const runs = family({ script: [{ calls: [ask('helper')] }], agents: { helper: { script: [] } }, twice: true });
    const child = underWay(runs);
    const { root } = runs;
    const { limits } = root.fold().calls['call_1_0']!;
    const done = { result: 'mine', truncated: false, redactions: {}, receipt: receiptOf(limits!), completedAt: 1 };
    root.fact('tool.completed.v1', { callId: 'call_1_0', attempt: 1, ...done });
    const spent = { usage: { inputTokens: 9, outputTokens: 9 }, costNanoUsd: 9, toolCalls: 9 };
    const end = {
      callId: 'call_1_0',
      attempt: 1,
      status: 'completed' as const,
      output: 'mine',
      error: null,
      endedAt: 1,
    };
    root.fact('child.ended.v1', { ...end, ...spent, childRunId: root.fold().accepted!.runId });
    expect(root.fold().calls['call_1_0']!.status).toBe('requested');
    expect(root.fold()).toMatchObject({ reportCount: 2, costNanoUsd: 100 });
    const state = runs.settle();
    expect(state.calls['call_1_0']!.result).toBe('Done.');
    expect(state.costNanoUsd).toBe(300);
    runs.report(child);
    runs.settle();
    expect(root.fold().costNanoUsd).toBe(300);
  });

  it('waits for a report that comes early, and looks again where none comes', () => {
    const runs = family({ script: [{ calls: [ask('helper')] }], agents: { helper: { script: [] } } });
    const child = underWay(runs);
    const lost = vi.spyOn(runs, 'report').mockReturnValue(undefined);
    while (runs.advance());
    expect(lost).toHaveBeenCalledOnce();
    lost.mockRestore();
    expect(isClosed(child.fold())).toBe(true);
    const end = childEndOf(child.fold())!;
    expect(runs.settle().calls['call_1_0']!.result).toBe('Done.');
    // Before its decision: kept, and taken once the call is asked for.
    const { journal, subject } = runs.root;
    const asked = journal.findIndex(
      ({ entry }) =>
        entry?.kind === 'decision.v1' && entry.body.events.some((event) => event.type === 'tool.requested'),
    );
    const before = evolveAll(newRun(subject), journal.slice(0, asked));
    const seq = journal[asked]!.seq - 0.5;
    const early = evolveAll(before, [
      { seq, subject, bytes: new Uint8Array(), entry: { kind: 'child.ended.v1', author: 'router', seq, body: end } },
    ]);
    expect(Object.keys(early.early)).toEqual(['child.ended.v1:call_1_0']);
  });
});

describe('what a run below may use up', () => {
  it('is what its parent has left, shared among the calls that wait, and narrowed by its own limits', () => {
    const runs = family({
      script: [{ calls: [ask('helper'), pure, ask('helper'), pure] }],
      agents: { helper: { script: [{ calls: [pure, pure, pure, pure] }], limits: { tokensMax: 300 } } },
      limits: { tokensMax: 1_000, costNanoUsdMax: 100_000, toolCallsMax: 10 },
    });
    runs.settle();
    const [first, second] = childrenOf(runs);
    // 1,000 less the 15 of the first step, in two; 10 calls less four of its own, in two.
    expect(first!.fold().accepted!.limits).toEqual({
      tokensMax: 492,
      costNanoUsdMax: 49_950,
      toolCallsMax: 3,
      depthMax: 3,
    });
    expect(second!.fold().accepted!.limits).toMatchObject({ tokensMax: 493, toolCallsMax: 3 });
    expect(first!.fold().plan!.limits).toMatchObject({ tokensMax: 300, toolCallsMax: 3, depthMax: 3 });
    expect(first!.fold()).toMatchObject({ status: 'failed', error: { code: 'LIMIT_TOOL_CALLS' } });
    expect(runs.root.fold()).toMatchObject({ status: 'completed', toolCalls: 10 });
  });

  it('is nothing where nothing is left, and then it asks no model', () => {
    const runs = family({
      script: [{ calls: [ask('helper')], usage: 990 }],
      agents: { helper: { script: [] } },
      limits: { tokensMax: 995 },
    });
    expect(runs.settle().error?.code).toBe('LIMIT_TOKENS');
    const [child] = childrenOf(runs);
    expect(child!.fold()).toMatchObject({ status: 'failed', error: { code: 'LIMIT_TOKENS' }, steps: [] });
  });

  it('ends with the time of its parent', () => {
    const silent = { script: [{ calls: [{ tool: 'pure', outcome: 'silent' as const }] }] };
    const runs = family({
      script: [{ calls: [ask('helper')] }],
      agents: { helper: silent },
      limits: { wallMsMax: 30_000 },
    });
    const state = runs.settle();
    expect(state.plan!.deadlineAt).toBe(START_MS + 30_000);
    expect(childrenOf(runs)[0]!.fold()).toMatchObject({ plan: { deadlineAt: START_MS + 30_000 } });
    expect(state.error?.code).toBe('LIMIT_WALL_TIME');
    for (const one of runs.states()) expect(isClosed(one)).toBe(true);
  });

  it('has the time that is left to its parent, which is not used up by waiting', () => {
    const wait: CallScript = { tool: 'timer', outcome: 'ok', arguments: '{"ms":7200000}' };
    const below = (options: Partial<WorldOptions>, together = false): [Family, RunState | undefined] => {
      const script = together ? [{ calls: [wait, ask('helper')] }] : [{ calls: [wait] }, { calls: [ask('helper')] }];
      const runs = family({ script, agents: { helper: { script: [] } }, limits: { wallMsMax: 600_000 }, ...options });
      runs.settle(10);
      for (const { journal } of runs.worlds.values()) expect(redecide(journal).differences).toEqual([]);
      return [runs, childrenOf(runs)[0]?.fold()];
    };
    const [runs, child] = below({});
    expect([runs.root.fold().status, child!.status]).toEqual(['completed', 'completed']);
    expect(child!.accepted!.deadlineAt).toBe(START_MS + 600_000 + runs.root.fold().parkedMs);
    // Beside a call that still waits it is the time until now that counts, not all that the wait may take.
    expect(below({}, true)[1]!.accepted!.deadlineAt).toBe(START_MS + 600_000);
    expect(below({ engine: ENGINE_WITH_MOVED_DEADLINES - 1 })[1]!.error?.code).toBe('LIMIT_WALL_TIME');
    expect(below({ engine: ENGINE_WITH_FREE_WAITS - 1 })[0].root.fold().error?.code).toBe('LIMIT_WALL_TIME');
  });

  it('has no timer of its own in the parent', () => {
    const runs = family({ script: [{ calls: [ask('helper')] }], agents: { helper: { script: [] } } });
    underWay(runs);
    expect(timersOf(runs.root.fold(), START_MS).map(({ name }) => name)).toEqual(['wall']);
  });
});

describe('a plan whose calls follow one another', () => {
  it('waits for the run of one before it makes the next', () => {
    const one = (tool: string): { tool: string; arguments: Record<string, unknown> } => ({
      tool,
      arguments: tool === 'pure' ? { n: 1 } : { input: 'Why?' },
    });
    const step = { id: 'all', onError: 'stop' as const, order: 'sequence' as const };
    const calls = ['pure', 'helper', 'pure', 'helper'].map(one);
    const plan = { history: false, steps: [{ ...step, calls }], output: 'steps.all' };
    const runs = new Family({
      script: [],
      plan,
      planOf: 'agent-1',
      agents: { helper: { script: [], limits: { tokensMax: 400 } } },
    });
    const state = runs.settle();
    expect(state).toMatchObject({ status: 'completed', toolCalls: 4 });
    expect(childrenOf(runs).map((child) => child.fold().status)).toEqual(['completed', 'completed']);
    const [first, second] = childrenOf(runs).map((child) => child.fold());
    expect(second!.accepted!.acceptedAt).toBeGreaterThanOrEqual(first!.endedAt!);
    expect(first!.accepted!.limits!.toolCallsMax).toBe(500 - 4);
  });
});

describe('agents that call each other', () => {
  it('stop at the depth of the first, and the model reads why', () => {
    const again = { script: [{ calls: [ask('itself')] }] };
    const runs = family({ ...again, limits: { depthMax: 2 } });
    expect(runs.settle().status).toBe('completed');
    expect(runs.states().map((state) => state.accepted!.parent?.depth ?? 0)).toEqual([0, 1, 2]);
    const last = runs.states()[2]!;
    expect(last.calls['call_1_0']).toMatchObject({ status: 'refused', error: { code: 'LIMIT_DEPTH' } });
    expect(last.status).toBe('completed');
  });

  it('go four deep where nobody says how deep', () => {
    const runs = family({ script: [{ calls: [ask('itself')] }] });
    runs.settle();
    expect(runs.worlds.size).toBe(5);
  });

  it('may be forbidden altogether', () => {
    const runs = family({
      script: [{ calls: [ask('helper')] }],
      agents: { helper: { script: [] } },
      limits: { depthMax: 0 },
    });
    expect(runs.settle().calls['call_1_0']!.error?.code).toBe('LIMIT_DEPTH');
  });
});

describe('the end of a run', () => {
  const deep = {
    script: [{ calls: [ask('middle')] }],
    agents: {
      middle: { script: [{ calls: [ask('low')] }] },
      low: { script: [{ calls: [{ tool: 'pure', outcome: 'silent' as const }] }] },
    },
  };
  const whileLowWorks = (runs: Family): void => {
    for (let round = 0; round < 100 && runs.worlds.size < 3; round++) runs.advance();
    for (let round = 0; round < 100 && runs.states()[2]!.steps.length === 0; round++) runs.advance();
  };

  it('ends all below it, down the tree', () => {
    const runs = family(deep);
    whileLowWorks(runs);
    runs.root.cancel();
    runs.settle(0);
    expect(runs.states().map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    for (const state of runs.states()) expect(isClosed(state)).toBe(true);
    expect(runs.states()[2]!.error?.message).toContain('is cancelled');
  });

  it('stays open until those below have reported, and charges what they used up', () => {
    const runs = family(deep);
    whileLowWorks(runs);
    runs.root.cancel();
    const before = runs.root.fold();
    const decided = runs.root.decideFrom(before)!;
    const after = runs.root.fold();
    expect(after.status).toBe('cancelled');
    expect(isClosed(after)).toBe(false);
    expect(effectsOf(before, after, decided.events)).toContainEqual(expect.objectContaining({ kind: 'child-stop' }));
    expect(outstanding(after).map(({ kind }) => kind)).toEqual(['child-stop']);
    const spent = after.costNanoUsd;
    expect(runs.settle(0).costNanoUsd).toBeGreaterThan(spent);
    expect(isClosed(runs.root.fold())).toBe(true);
  });

  it('reaches a run that never began: it begins and ends', () => {
    const runs = family(deep);
    const { root } = runs;
    for (let round = 0; round < 100 && root.fold().calls['call_1_0']?.status !== 'requested'; round++) {
      root.decideFrom(root.fold());
      for (const one of outstanding(root.fold())) if (one.kind !== 'child') root.send(one, 1);
      root.flying.splice(0).forEach((fact) => fact());
    }
    expect(runs.worlds.size).toBe(1);
    runs.root.cancel();
    runs.settle(0);
    expect(runs.states().map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    expect(eventsOf(childrenOf(runs)[0]!).at(-1)?.type).toBe('run.cancelled');
    expect(isClosed(runs.root.fold())).toBe(true);
  });

  it('of a run below, by its own user, is a failed call above', () => {
    const runs = family(deep);
    whileLowWorks(runs);
    childrenOf(runs)[0]!.cancel();
    const state = runs.settle(1);
    expect(state.calls['call_1_0']).toMatchObject({ status: 'failed', error: { code: 'RUN_CANCELLED' } });
    expect(state.status).toBe('completed');
    expect(runs.states()[2]!.status).toBe('cancelled');
  });

  it('is told in the same bytes, whoever tells it', () => {
    const runs = family(deep);
    whileLowWorks(runs);
    const { root } = runs;
    expect(spawnOf(root.fold(), 'call_1_0')).toEqual(childrenOf(runs)[0]!.fold().accepted);
    runs.clock.nowMs += 5_000;
    expect(spawnOf(root.fold(), 'call_1_0')).toEqual(childrenOf(runs)[0]!.fold().accepted);
    root.cancel();
    root.decideFrom(root.fold());
    expect(parentEndOf(root.fold())).toEqual(parentEndOf(root.fold()));
    expect(childEndOf(root.fold())).toBe(null);
    expect(viewOfState(root.fold()).children).toMatchObject([{ status: 'open' }]);
  });
});
