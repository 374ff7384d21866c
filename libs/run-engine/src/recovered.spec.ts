import { describe, expect, it } from 'vitest';
import { explain } from './explain.js';
import { mayBegin } from './may-begin.js';
import { redecide } from './redecide.js';
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
