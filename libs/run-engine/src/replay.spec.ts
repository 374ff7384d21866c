import { describe, expect, it } from 'vitest';
import { evolve } from './evolve.js';
import { goldenJournals } from './golden.fixture.js';
import { replay } from './replay.js';
import { newRun, type StoredEntry } from './state.js';
import { shownStatus, viewOf, viewOfState } from './view.js';
import { World } from './world.fixture.js';

const twoSteps = (): StoredEntry[] => {
  const script = [
    { calls: [{ tool: 'pure', outcome: 'ok', arguments: '{"n":1}' } as const] },
    { calls: [{ tool: 'keyed', outcome: 'ok' } as const, { tool: 'nothing', outcome: 'ok' } as const] },
  ];
  const world = new World({ script });
  expect(world.settle().status).toBe('completed');
  return world.journal;
};
const placeOf = (journal: readonly StoredEntry[], kind: string): number =>
  journal.findIndex(({ entry }) => entry?.kind === kind);

describe('a replay', () => {
  it.each(goldenJournals())('of $release: $scene tells at each entry the run as it stood with it', (golden) => {
    const { entries } = golden;
    let state = newRun(entries[0]!.subject);
    const { frames, view, left } = replay(entries);
    expect({ frames: frames.length, view, left }).toEqual({ frames: entries.length, view: viewOf(entries), left: 0 });
    for (const [at, stored] of entries.entries()) {
      state = evolve(state, stored);
      const { usage, costNanoUsd } = state;
      expect(frames[at]).toMatchObject({ seq: stored.seq, status: shownStatus(state), usage, costNanoUsd });
      const part = replay(entries, { seq: stored.seq });
      expect(part.frames).toEqual(frames.slice(0, at + 1));
      expect(part.view).toEqual(viewOfState(state));
      expect(part.left).toBe(entries.length - at - 1);
    }
  });

  it('shows how steps and calls come about, what they were given and what they gave', () => {
    const journal = twoSteps();
    const answered = placeOf(journal, 'tool.completed.v1');
    const before = replay(journal, { seq: journal[answered]!.seq - 1 });
    expect(before.frames.at(-1)).toMatchObject({ what: 'tool.requested call_1_0', step: 1, openCalls: 1 });
    expect(before.steps[0]!.calls).toMatchObject([
      { callId: 'call_1_0', tool: 'pure', status: 'requested', arguments: '{"n":1}', result: '' },
    ]);
    const after = replay(journal, { seq: journal[answered]!.seq });
    expect(after.frames.at(-1)).toMatchObject({ author: 'tool-runner', what: 'tool.completed call_1_0', openCalls: 0 });
    expect(after.steps[0]).toMatchObject({
      ...{ step: 1, status: 'completed', content: 'step 1' },
      calls: [{ status: 'completed', result: 'result of call_1_0' }],
    });
    expect(after.limits).toMatchObject({ stepsMax: expect.any(Number) as number });
  });

  it('up to a step ends before the next one begins', () => {
    const journal = twoSteps();
    const { frames: all } = replay(journal);
    for (const step of [0, 1, 2, 3]) {
      const { frames, steps } = replay(journal, { step });
      expect(steps).toHaveLength(step);
      expect(frames).toEqual(all.filter((frame) => frame.step <= step));
    }
    expect(replay(journal, { step: 3 }).view.status).toBe('completed');
    expect(replay(journal, { step: 2, seq: journal[2]!.seq }).frames).toHaveLength(3);
  });

  it('does not begin before the journal, and goes to no step that there is not', () => {
    const journal = twoSteps();
    expect(() => replay(journal, { seq: 0 })).toThrow('The journal begins with entry 1.');
    expect(() => replay(journal, { step: 4 })).toThrow('The run has 3 steps, so it has no step 4.');
  });

  it('says of what nobody believed why, and goes on', () => {
    const journal = twoSteps();
    const at = placeOf(journal, 'model.completed.v1');
    const fault = { code: 'SEAL_INVALID', message: 'not from whom it says' };
    const { frames } = replay(journal.with(at, { ...journal[at]!, entry: null, seal: 'invalid', fault }));
    expect(frames[at]).toMatchObject({ at: null, author: 'engine', what: 'ignored: not from whom it says' });
    expect(frames).toHaveLength(journal.length);
  });
});
