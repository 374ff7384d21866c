import type { RunEvent } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { type DecisionDiff, diffOf } from './decision-diff.js';
import { redecide } from './redecide.js';
import type { StoredEntry } from './state.js';
import { World } from './world.fixture.js';

const ran = (output?: string): StoredEntry[] => {
  const calls = ['pure', 'keyed'].map((tool) => ({ tool, outcome: 'ok' as const }));
  const world = new World({ script: [{ calls }, { calls: [], ...(output === undefined ? {} : { text: output }) }] });
  world.settle();
  return world.journal;
};

/** What is told of the decision that holds such an event, once its events are changed. */
function altered(
  journal: readonly StoredEntry[],
  type: RunEvent['type'],
  change: (events: RunEvent[]) => RunEvent[],
): DecisionDiff {
  const changed = journal.map((stored) => {
    const { entry } = stored;
    if (entry?.kind !== 'decision.v1' || !entry.body.events.some((event) => event.type === type)) return stored;
    return { ...stored, entry: { ...entry, body: { ...entry.body, events: change([...entry.body.events]) } } };
  });
  const [difference] = redecide(changed).differences;
  return diffOf(difference!);
}
const each =
  (change: (event: RunEvent) => RunEvent) =>
  (events: RunEvent[]): RunEvent[] =>
    events.map(change);

describe('the difference of a decision', () => {
  it('names the event, what of it is otherwise, and both values', () => {
    const { rows, more } = altered(
      ran(),
      'run.started',
      each((event) =>
        event.type === 'run.started' ? { ...event, deadlineAt: event.deadlineAt + 1, waitsFree: undefined } : event,
      ),
    );
    expect(more).toBe(0);
    expect(rows).toEqual([
      {
        ...{ event: 'run.started', at: '/deadlineAt' },
        ...{ journal: expect.stringMatching(/^\d+1$/) as string, rules: expect.stringMatching(/^\d+0$/) as string },
      },
      { event: 'run.started', at: '/waitsFree', journal: null, rules: 'true' },
    ]);
  });

  it('tells an event that only one side has as a sentence', () => {
    const failed: RunEvent = {
      ...{ type: 'run.failed', error: { code: 'INTERNAL', message: 'So I say.' } },
      ...{ usage: { inputTokens: 0, outputTokens: 0 }, costNanoUsd: 0 },
    };
    const { rows } = altered(ran(), 'run.completed', (events) =>
      events.map((event) => (event.type === 'run.completed' ? failed : event)),
    );
    expect(rows).toEqual([
      { event: 'run.failed', at: '', journal: 'Failed, INTERNAL: So I say.', rules: null },
      { event: 'run.completed', at: '', journal: null, rules: expect.stringContaining('Completed after 2') as string },
    ]);
  });

  it('holds calls against each other by their ids, so that a doubled one is one row', () => {
    const { rows } = altered(ran(), 'tool.requested', ([first, ...others]) => [first!, first!, ...others]);
    expect(rows.map(({ event, at, rules }) => [event, at, rules])).toEqual([['tool.requested call_1_0', '', null]]);
  });

  it('says where events are the same in another order', () => {
    const { rows } = altered(ran(), 'run.started', (events) => events.toReversed());
    expect(rows).toEqual([
      {
        ...{ event: 'the order', at: '' },
        ...{ journal: 'session.requested, run.started', rules: 'run.started, session.requested' },
      },
    ]);
  });

  it('shows of long texts where they part, and no more of them', () => {
    const output = `${'a'.repeat(5_000)}right${'z'.repeat(5_000)}`;
    const { rows } = altered(
      ran(output),
      'run.completed',
      each((event) =>
        event.type === 'run.completed' ? { ...event, output: event.output.replace('right', 'wrong') } : event,
      ),
    );
    expect(rows).toMatchObject([{ event: 'run.completed', at: '/output' }]);
    expect(rows[0]!.journal).toMatch(/^…a{40}wrongz+…$/);
    expect(rows[0]!.rules).toMatch(/^…a{40}rightz+…$/);
    expect(rows[0]!.journal).toHaveLength(162);
  });

  it('is bounded, and says how much was left out', () => {
    const refusal = (index: number): RunEvent => ({
      ...{ type: 'tool.abandoned', step: 1, callId: `call_1_${index}`, attempt: 1 },
      error: { code: 'INTERNAL', message: 'no' },
    });
    const many = Array.from({ length: 40 }, (_, index) => refusal(index));
    const { rows, more } = altered(ran(), 'run.completed', (events) => [...events, ...many]);
    expect([rows.length, more]).toEqual([16, 24]);
  });
});
