import { JOURNAL_KINDS, type JournalKind, RunEvent } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { describe, expect, it } from 'vitest';
import { evolve, foldJournal } from './evolve.js';
import { type GoldenJournal, goldenJournals } from './golden.fixture.js';
import { redecide } from './redecide.js';
import { isClosed, newRun, type StoredEntry } from './state.js';
import { verifyJournal } from './verify.js';
import { viewOf } from './view.js';

const journals = goldenJournals();

const eventsOf = (some: readonly GoldenJournal[]): RunEvent[] =>
  some.flatMap(({ entries }) =>
    entries.flatMap(({ entry }) => (entry?.kind === 'decision.v1' ? entry.body.events : [])),
  );
const isForced = ({ entry }: StoredEntry): boolean => entry?.kind === 'decision.v1' && entry.body.forced === true;

/**
 * Journals that a release wrote, recorded on a real mesh. If one fails, this version reads, folds or decides what lies
 * in the streams of the installations out there otherwise than the version that wrote it: mend the version, never the record.
 */
describe.each(journals)('$release: $scene', ({ entries, head, decisions, end, claimed }) => {
  it('folds to the end that its run came to, in one go and entry by entry', () => {
    const state = foldJournal(entries);
    expect(isClosed(state)).toBe(true);
    expect(viewOf(entries)).toMatchObject(end);
    expect(entries.reduce(evolve, newRun(entries[0]!.subject))).toEqual(state);
  });

  it('verifies', () => {
    const verdict = verifyJournal(entries);
    expect(verdict).toEqual({ ok: true, head, entries: entries.length, decisions, faults: [] });
    for (const { sha256, json } of claimed) expect(sha256Hex(json)).toBe(sha256);
  });

  it('is decided the same again', () => {
    const forced = entries.filter(isForced).length;
    expect(redecide(entries)).toEqual({ ok: true, decisions, forced, differences: [] });
  });
});

describe('golden journals', () => {
  it('hold runs that completed, failed, were refused and were cancelled, with and without claimed bodies', () => {
    const ends = new Set(journals.map(({ end }) => end.status));
    expect([...ends].toSorted()).toEqual(['cancelled', 'completed', 'failed', 'refused']);
    expect(journals.filter(({ claimed }) => claimed.length > 0).length).toBeGreaterThan(0);
  });

  it('hold every kind of entry, and every kind of event', () => {
    const kinds = new Set(journals.flatMap(({ entries }) => entries.map(({ entry }) => entry?.kind)));
    expect(Object.keys(JOURNAL_KINDS).filter((kind) => !kinds.has(kind as JournalKind))).toEqual([]);
    const types = new Set(eventsOf(journals).map(({ type }) => type));
    const known = RunEvent.options.map(({ shape }) => shape.type.value);
    expect(known.filter((type) => !types.has(type))).toEqual([]);
  });

  it('hold runs that wait for a time and for signals, one that is forked, one that is halted, and one that was ended from outside', () => {
    const events = eventsOf(journals);
    const waits = events.flatMap((event) => (event.type === 'tool.requested' && event.wait ? [event.wait.kind] : []));
    expect([...new Set(waits)].toSorted()).toEqual(['signal', 'timer']);
    expect(journals.some(({ entries }) => foldJournal(entries).accepted?.fork !== undefined)).toBe(true);
    expect(events.some((event) => event.type === 'run.cancelled' && event.halt !== undefined)).toBe(true);
    expect(journals.flatMap(({ entries }) => entries.filter(isForced)).length).toBeGreaterThan(0);
  });

  it('hold plans of each kind, a run that calls another, that other one, and one that changes hands', () => {
    const events = eventsOf(journals);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['plan.stepped', 'tool.inlined', 'run.handed-off']),
    );
    expect(events.some((event) => event.type === 'plan.stepped' && event.order === 'sequence')).toBe(true);
    const kinds = journals.flatMap(({ entries }) => entries.map(({ entry }) => entry?.kind));
    expect(kinds).toEqual(expect.arrayContaining(['run.spawned.v1', 'child.ended.v1', 'parent.held.v1']));
  });

  it('hold calls that people, labels and quotas decide on', () => {
    const verdicts = eventsOf(journals).flatMap((event) => ('decision' in event ? [event.decision] : []));
    expect(verdicts.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['approval', 'quota', 'permit']));
    expect(verdicts.some(({ labels }) => labels?.context.integrity === 'untrusted')).toBe(true);
    expect(verdicts.some(({ answer }) => answer?.edited === true)).toBe(true);
  });

  it('are covered byte by byte up to their last decision', () => {
    const { entries } = journals.find(({ scene }) => scene === 'completed-with-tools')!;
    const bytes = entries[0]!.bytes.with(-2, 0);
    const changed = entries.with(0, { ...entries[0]!, bytes });
    expect(verifyJournal(changed).ok).toBe(false);
    expect(redecide(changed).ok).toBe(false);
  });
});
