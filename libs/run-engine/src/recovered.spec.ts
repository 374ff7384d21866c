import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from './explain.js';
import { mayBegin } from './may-begin.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, type WorldOptions } from './script.fixture.js';
import { ENGINE_WITH_DOUBTFUL_ROWS } from './settings.js';
import { verifyJournal } from './verify.js';
import { viewOf } from './view.js';
import { World } from './world.fixture.js';

const recover = (world: World): void =>
  world.fact('run.recovered.v1', { incarnation: 1, cutSeq: 7, restored: 0, recoveredAt: world.nowMs });

/** The journal up to the decision that asks for the call, as a stream that lost what came after. */
function cutBehind(world: World, type: string): void {
  const at = world.journal.findIndex(
    ({ entry }) => entry?.kind === 'decision.v1' && entry.body.events.some((event) => event.type === type),
  );
  world.journal.splice(at + 1);
  world.flying.splice(0);
}

/** A planned run that makes its calls one after the other. */
function inARow(tools: string[], more: Partial<WorldOptions> = {}): World {
  const calls = tools.map((tool, n) => ({ tool, arguments: { n } }));
  const steps = [{ id: 'row', order: 'sequence' as const, calls, onError: 'stop' as const }];
  const script = [{ calls: tools.map((tool): CallScript => ({ tool, outcome: 'ok' })) }];
  return new World({ script, ...more, plan: { steps, output: 'steps.row.results', history: false } });
}

describe('a run whose journal lost its last moments', () => {
  it('asks about an unsafe call whose claim may be lost, and never begins it again by itself', () => {
    const world = new World({ script: [{ calls: [{ tool: 'unsafe', outcome: 'ok' }] }] });
    world.settle();
    expect([...world.started.values()]).toEqual([1]);
    cutBehind(world, 'tool.requested');
    expect(mayBegin(world.fold(), 'call_1_0', 1).ok).toBe(true);
    recover(world);
    expect(mayBegin(world.fold(), 'call_1_0', 1).ok).toBe(false);
    expect(world.settle(0.5).status).toBe('waiting');
    expect([...world.started.values()]).toEqual([1]);
    const { questionId, question } = viewOf(world.journal).question!;
    expect(question).toContain('the journal lost its last moments');
    world.answer(questionId, 'result', 'it was sent');
    expect(world.settle()).toMatchObject({ status: 'completed', calls: { call_1_0: { result: 'it was sent' } } });
    expect([...world.started.values()]).toEqual([1]);
  });

  it('asks before the first request of an unsafe call too: it may not be the first', () => {
    const world = new World({
      script: [
        {
          calls: [
            { tool: 'unsafe', outcome: 'ok' },
            { tool: 'pure', outcome: 'ok' },
          ],
        },
      ],
    });
    world.settle();
    cutBehind(world, 'model.requested');
    recover(world);
    expect(world.settle(0.5)).toMatchObject({
      status: 'waiting',
      calls: { call_1_0: { status: 'questioned', attempt: 0 }, call_1_1: { status: 'completed' } },
    });
    expect(world.started.get('call_1_0:1')).toBe(1);
    world.answer(viewOf(world.journal).question!.questionId, 'retry');
    expect(world.settle().status).toBe('completed');
    expect(world.started.get('call_1_0:1')).toBe(2);
    expect(verifyJournal(world.journal).faults).toEqual([]);
    expect(redecide(world.journal).differences).toEqual([]);
    expect(explain(world.journal).some(({ text }) => text.includes('was rebuilt'))).toBe(true);
  });

  it('asks about unsafe calls in a row before it makes them, each in its turn', () => {
    const world = inARow(['pure', 'unsafe', 'unsafe']);
    world.settle();
    world.journal.splice(1);
    recover(world);
    expect(world.settle(0.5)).toMatchObject({ status: 'waiting', calls: { call_1_1: { attempt: 0 } } });
    expect([world.started.get('call_1_1:1'), world.started.get('call_1_2:1')]).toEqual([1, 1]);
    world.answer('q_call_1_1_lost', 'retry');
    world.answer('q_call_1_2_lost', 'result', 'it was sent');
    expect(JSON.parse(world.settle().output!)).toEqual(['result of call_1_0', 'result of call_1_1', 'it was sent']);
    expect([world.started.get('call_1_1:1'), world.started.get('call_1_2:1')]).toEqual([2, 1]);
    expect(verifyJournal(world.journal).faults).toEqual([]);
    expect(redecide(world.journal).differences).toEqual([]);
  });

  it('never makes an unsafe call of a row twice by itself, wherever its journal was cut', () => {
    const tool = fc.constantFrom('pure', 'keyed', 'unsafe');
    fc.assert(
      fc.property(fc.array(tool, { minLength: 1, maxLength: 6 }), fc.nat(30), fc.boolean(), (tools, cut, together) => {
        const world = inARow(tools, { together });
        world.settle();
        world.journal.splice(1 + (cut % world.journal.length));
        recover(world);
        world.settle(0.5);
        for (const { questionId } of Object.values(world.fold().questions))
          world.answer(questionId, 'result', 'so it was');
        expect(world.settle(0.5).status).toBe('completed');
        for (const [at, name] of tools.entries())
          if (name === 'unsafe') expect(world.started.get(`call_1_${at}:1`)).toBe(1);
        expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
      }),
      { numRuns: 50 },
    );
  });

  it('decides again what earlier rules decided: they made a call of a row beside its question', () => {
    const world = inARow(['unsafe'], { engine: ENGINE_WITH_DOUBTFUL_ROWS - 1 });
    world.settle();
    world.journal.splice(1);
    recover(world);
    world.settle();
    expect(eventsOf(world).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['question.asked', 'tool.requested']),
    );
    expect(redecide(world.journal).differences).toEqual([]);
  });

  it('takes an old result of the call as its own', () => {
    const world = new World({ script: [{ calls: [{ tool: 'unsafe', outcome: 'ok' }] }] });
    world.settle();
    const done = world.journal.find(({ entry }) => entry?.kind === 'tool.completed.v1')!.entry;
    cutBehind(world, 'tool.requested');
    if (done?.kind === 'tool.completed.v1') world.fact('tool.completed.v1', done.body);
    recover(world);
    expect(world.settle().status).toBe('completed');
    expect([...world.started.values()]).toEqual([1]);
  });

  it('goes on as before where nothing is unsafe, and when it is over', () => {
    const world = new World({ script: [{ calls: [{ tool: 'pure', outcome: 'ok' }] }] });
    world.settle();
    cutBehind(world, 'tool.requested');
    recover(world);
    expect(world.settle().status).toBe('completed');
    recover(world);
    expect(world.fold()).toMatchObject({ status: 'completed', reports: [] });
  });
});
