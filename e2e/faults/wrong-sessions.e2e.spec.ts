import { expect, it } from 'vitest';
import type { PlannedRun } from './batch.ts';
import type { Chapter } from './chronicle.ts';
import type { Evidence } from './verdict.ts';
import { wrongSessions } from './wrong-sessions.ts';

type Entry = Chapter['entries'][number];
const entry = (seq: number, kind: string, body: object): Entry => ({ seq, entry: { kind, body } }) as unknown as Entry;
const asks = (seq: number): Entry => entry(seq, 'decision.v1', { events: [{ type: 'session.requested' }] });
const told = (seq: number, ...answers: string[]): Entry =>
  entry(seq, 'session.loaded.v1', { messages: answers.map((content) => ({ role: 'assistant', content })) });
const saved = (seq: number): Entry => entry(seq, 'session.saved.v1', {});

/** Two runs of a session: `a` is saved at 4, and `b` has these entries. */
function evidence(entries: Entry[], load: 'done' | 'skipped' = 'done'): Evidence {
  const runs = new Map([
    ['a', { state: { output: 'done a', load: null }, entries: [saved(4)] }],
    ['b', { state: { output: 'done b', load: { status: load } }, entries }],
  ]);
  const batch = ['a', 'b'].map((name) => ({ name, session: 's', answer: `done ${name}` }) as PlannedRun);
  return { batch, ids: new Map([...runs.keys()].map((id) => [id, id])), runs } as unknown as Evidence;
}

it.each<[what: string, wrongs: string[], Evidence]>([
  ['all that was there', [], evidence([asks(5), told(6, 'done a')])],
  ['less than was there', ['b was not told what a had answered before'], evidence([asks(5), told(6)])],
  ['the same twice', ['b was told 2 times what a answered'], evidence([asks(5), told(6, 'done a', 'done a')])],
  ['nothing, since it asked before', [], evidence([asks(3), told(6)])],
  ['nothing, since nobody answered', [], evidence([asks(5)], 'skipped')],
])('a run of a session was told %s', (_what, wrongs, all) => {
  expect(wrongSessions(all)).toEqual(wrongs);
});
