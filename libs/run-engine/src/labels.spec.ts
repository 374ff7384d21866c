import { type AgentPlan, type CallLabels, type Label, TRUSTED } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { inferWork } from './effects.js';
import { foldJournal } from './evolve.js';
import { explain } from './explain.js';
import { Family } from './family.fixture.js';
import { prefixAt } from './fork.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, type WorldOptions } from './script.fixture.js';
import { World } from './world.fixture.js';

const ok = (tool: string): CallScript => ({ tool, outcome: 'ok' });
const foreign = (...origins: string[]): Label => ({ integrity: 'untrusted', readers: ['tenant'], origins });
const safe = { source: 'trusted' as const, sensitivity: [] };

/** The labels of each call that was decided about, by call id. */
function labelsIn({ journal }: World): Record<string, CallLabels | undefined> {
  const decided = eventsOf({ journal }).flatMap((event) =>
    'decision' in event && event.decision !== undefined ? [[event.callId, event.decision.labels] as const] : [],
  );
  return Object.fromEntries(decided);
}

function settled(options: WorldOptions): World {
  const world = new World(options);
  world.settle();
  expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
  return world;
}

describe('the context of a run', () => {
  it('takes on what a tool returns only once the model has read it, and keeps it', () => {
    const script = [{ calls: [ok('pure'), ok('keyed')] }, { calls: [ok('keyed')] }, { calls: [ok('keyed')] }];
    const world = settled({ script, manifests: { keyed: safe } });
    expect(labelsIn(world)).toEqual({
      call_1_0: { context: TRUSTED },
      call_1_1: { context: TRUSTED },
      call_2_0: { context: foreign('call_1_0 pure') },
      call_3_0: { context: foreign('call_1_0 pure') },
    });
    expect(world.savedLabel).toEqual(foreign('call_1_0 pure'));
    const told = explain(world.journal).map(({ text }) => text);
    expect(
      told.some((text) => text.includes('call_2_0') && text.includes('untrusted for tenant from call_1_0 pure')),
    ).toBe(true);
  });

  it('stays trusted where every tool is, and takes on who may read what they return', () => {
    const script = [{ calls: [ok('pure')] }, { calls: [ok('pure')] }];
    expect(labelsIn(settled({ script, manifests: { pure: safe } }))['call_2_0']).toEqual({ context: TRUSTED });
    const manifests = { pure: { source: 'trusted' as const, sensitivity: ['hr', 'board'] } };
    expect(labelsIn(settled({ script, manifests }))['call_2_0']).toEqual({
      context: { integrity: 'trusted', readers: ['board', 'hr'], origins: ['call_1_0 pure'] },
    });
  });

  it('is untrusted after a result that looks like orders, whatever its tool says of itself', () => {
    const script = [{ calls: [{ ...ok('pure'), isSuspicious: true }] }, { calls: [ok('pure')] }];
    const world = settled({ script, manifests: { pure: safe } });
    expect(labelsIn(world)['call_2_0']).toEqual({
      context: { integrity: 'untrusted', readers: [], origins: ['call_1_0 pure, suspected'] },
    });
    expect(
      explain(world.journal)
        .map(({ text }) => text)
        .join('\n'),
    ).toContain('looks like orders to an agent (override');
  });

  it('takes on the words of a tool that failed, and none of one that was refused', () => {
    const after = (first: CallScript, denied: string[] = []): Label | undefined =>
      labelsIn(settled({ script: [{ calls: [first] }, { calls: [ok('keyed')] }], denied }))['call_2_0']?.context;
    expect(after({ tool: 'pure', outcome: 'TOOL_FAILED' })).toEqual(foreign('call_1_0 pure'));
    expect(after(ok('pure'), ['pure'])).toEqual(TRUSTED);
    expect(after({ ...ok('inline'), arguments: '{"n":1}' })).toEqual(TRUSTED);
  });

  it('begins with the label of the request, and of the session', () => {
    const script = [{ calls: [ok('pure')] }];
    const first = (options: Partial<WorldOptions>): unknown =>
      labelsIn(settled({ script, ...options }))['call_1_0']?.context;
    expect(first({ history: foreign('call_1_0 page') })).toEqual(foreign('call_1_0 page'));
    expect(first({ history: 'unknown' })).toEqual(foreign('session'));
    const label: Label = { integrity: 'untrusted', readers: [], origins: ['input'] };
    expect(first({ accepted: { label } })).toEqual(label);
    const fork = { runId: 'run_03_0123456789abcdefghjkmnpqrs', step: 0, seq: 1, head: 'a'.repeat(64) };
    expect(first({ accepted: { fork, prefix: [] } })).toEqual(foreign('input'));
  });

  it('goes with the conversation into a fork', () => {
    const world = settled({ script: [{ calls: [ok('pure')] }, { calls: [] }] });
    expect(prefixAt(world.journal, 0).label).toEqual(TRUSTED);
    expect(prefixAt(world.journal, 1).label).toEqual(foreign('call_1_0 pure'));
  });
});

describe('a run below another', () => {
  it('begins under the label of its call, and gives that of its answer', () => {
    const script = [
      { calls: [ok('pure')] },
      { calls: [{ ...ok('helper'), arguments: '{"input":"x"}' }] },
      { calls: [ok('keyed')] },
    ];
    const below = [{ calls: [ok('keyed')] }, { calls: [ok('unsafe')] }, { calls: [] }];
    const manifests = {
      pure: { source: 'untrusted' as const, sensitivity: [] },
      keyed: { source: 'trusted' as const, sensitivity: ['hr'] },
    };
    const family = new Family({ script, agents: { helper: { script: below } }, manifests });
    expect(family.settle().status).toBe('completed');
    const [root, child] = [...family.worlds.values()] as [World, World];
    const page: Label = { integrity: 'untrusted', readers: [], origins: ['call_1_0 pure'] };
    expect(labelsIn(child)['call_1_0']).toEqual({ context: page });
    const both = { integrity: 'untrusted', readers: ['hr'], origins: ['call_1_0 keyed', 'call_1_0 pure'] };
    expect(labelsIn(child)['call_2_0']).toEqual({ context: both });
    // What the unsafe tool of the child returned is for the tenant alone.
    expect(labelsIn(root)['call_3_0']?.context.readers).toEqual(['hr', 'tenant']);
    for (const { journal } of [root, child]) expect(redecide(journal).ok).toBe(true);
  });
});

describe('a plan', () => {
  const $ = (expression: string) => ({ $: expression });
  const step = (id: string, tool: string, args: Record<string, unknown>) => ({
    id,
    order: 'parallel' as const,
    onError: 'stop' as const,
    calls: [{ tool, arguments: args }],
  });
  const plan: AgentPlan = {
    steps: [
      step('read', 'pure', { n: 1 }),
      step('use', 'open', { n: 1, list: [$('steps.read.result')], asked: $('input') }),
    ],
    output: 'steps.use.result',
    history: false,
  };
  const manifests = { keyed: { name: 'open', parameters: { type: 'object' } } };

  it('is trusted itself; what it works on has the label of where it comes from', () => {
    const world = settled({ script: [{ calls: [ok('pure')] }], plan, manifests });
    expect(labelsIn(world)).toEqual({
      call_1_0: { context: TRUSTED },
      call_2_0: { context: TRUSTED, arguments: { '/list/0': foreign('call_1_0 pure') } },
    });
  });

  it('is as trusted as the call that started it where another run did', () => {
    const script = [{ calls: [ok('pure')] }, { calls: [{ ...ok('helper'), arguments: '{"input":"x"}' }] }];
    const family = new Family({ script, agents: { helper: { script: [] } }, plan, planOf: 'helper', manifests });
    family.settle();
    const child = [...family.worlds.values()][1]!;
    expect(labelsIn(child)['call_1_0']).toEqual({ context: foreign('call_1_0 pure') });
  });
});

describe('a decision of the past', () => {
  it('is made again with its labels: one that was changed is a difference', () => {
    const world = settled({ script: [{ calls: [ok('pure')] }, { calls: [ok('keyed')] }] });
    const changed = structuredClone(world.journal);
    const [asked] = eventsOf({ journal: changed }).filter((one) => 'callId' in one && one.callId === 'call_2_0');
    expect(asked?.type).toBe('tool.requested');
    if (asked?.type === 'tool.requested') asked.decision.labels = { context: TRUSTED };
    expect(redecide(changed).differences).toHaveLength(1);
  });

  it('has none where it was made before there were labels', () => {
    const world = settled({ script: [{ calls: [ok('pure')] }], engine: 3 });
    expect(labelsIn(world)).toEqual({ call_1_0: undefined });
  });
});

describe('the tools that a model is told of', () => {
  it('are those that policy could permit under the label of the context, and verify so', () => {
    const script = [{ calls: [ok('pure')] }, { calls: [ok('keyed')] }, { calls: [] }];
    const world = settled({ script, offered: ({ tools, labels }) => (labels.context === TRUSTED ? tools : ['pure']) });
    const told = eventsOf(world).flatMap((event) => (event.type === 'model.requested' ? [event.recipe.tools] : []));
    expect(told.map((names) => names.includes('keyed'))).toEqual([true, false, false]);
    expect(told[1]).toEqual(['pure']);
    const state = foldJournal(
      world.journal.slice(0, world.journal.findIndex((one) => one.entry?.kind === 'tool.completed.v1') + 2),
    );
    expect(inferWork(state, 1).tools.map(({ name }) => name)).toEqual(['pure']);
  });
});
