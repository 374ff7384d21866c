import type { RawEntry } from '@signalbox/bus';
import { subjects } from '@signalbox/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunShell } from '../runs/run-shell.js';
import { acceptedRun, PlayedPartition, runIdOf } from './partition.fixture.js';

const none = new Uint8Array();

describe('Partition', () => {
  let play: PlayedPartition;
  beforeEach(() => (play = new PlayedPartition({ activeRunsMax: 1, openRunsMax: 3 })));
  afterEach(() => play.stop());

  it('works on as many as it may, and on the next when one is over', async () => {
    await play.partition.open(null);
    await play.accept(1);
    await play.accept(2);
    expect([play.dispatch.sent.length, play.partition.openRuns]).toEqual([1, 2]);
    await play.cancel(1);
    expect([play.dispatch.sent.length, play.partition.openRuns]).toEqual([2, 1]);
  });

  it('gives the turn of a run that waits for a person to the next', async () => {
    const shell = new RunShell('subject', { tenant: 'demo', runId: runIdOf(9) }, play.partition);
    const other = new RunShell('other', { tenant: 'demo', runId: runIdOf(8) }, play.partition);
    expect([play.partition.admit(shell), play.partition.admit(other)]).toEqual([true, false]);
    play.partition.park(shell, true);
    expect(play.partition.admit(other)).toBe(true);
    play.partition.park(shell, false);
    expect(play.partition.admit(new RunShell('third', { tenant: 'demo', runId: runIdOf(7) }, play.partition))).toBe(
      false,
    );
  });

  it('keeps the oldest open run in its checkpoint', async () => {
    await play.partition.open(null);
    await play.accept(1);
    await play.accept(2);
    expect(play.partition.checkpoint()).toMatchObject({ foldFromSeq: 1 });
    await play.cancel(1);
    const second = play.partition.checkpoint();
    expect(second.foldFromSeq).toBeGreaterThan(1);
    expect(second.foldFromSeq).toBeLessThanOrEqual(second.lastSeq);
    await play.cancel(2);
    // The decision that ends it is stored, and not read yet.
    const cancelledSeq = play.journal.seq - 1;
    expect(play.partition.checkpoint()).toEqual({
      foldFromSeq: cancelledSeq + 1,
      lastSeq: cancelledSeq,
      incarnation: 0,
      parked: [],
    });
  });

  it('knows the decisions that it stored itself, and nothing else', async () => {
    await play.partition.open(null);
    await play.accept(1);
    const [first] = play.journal.entries.get(runIdOf(1)) as [RawEntry];
    const { isKnown } = play.journal.reader!;
    expect(play.partition.checkpoint().lastSeq).toBe(first.seq);
    expect(isKnown!(first.seq + 1, first.subject, none)).toBe(true);
    expect(play.partition.checkpoint().lastSeq).toBe(first.seq + 1);
    expect(isKnown!(first.seq + 2, first.subject, none)).toBe(false);
    expect(isKnown!(first.seq + 1, subjects.run('demo', runIdOf(2)), none)).toBe(false);
    await play.cancel(1);
    const cancelledSeq = play.journal.seq - 1;
    expect(play.partition.openRuns).toBe(0);
    // Its end was decided here too, and is known once, though the run has left.
    expect(isKnown!(cancelledSeq + 1, first.subject, none)).toBe(true);
    expect(play.partition.checkpoint().lastSeq).toBe(cancelledSeq + 1);
    expect(isKnown!(cancelledSeq + 2, first.subject, none)).toBe(false);
  });

  it('believes nothing whose author is not proven', async () => {
    await play.partition.open(null);
    for (const [n, seal] of [
      [1, 'unchecked'],
      [2, 'invalid'],
    ] as const) {
      await play.journal.reader!.onEntry({ ...play.store(n, 'run.accepted.v1', acceptedRun(n)), seal });
      await play.settled();
    }
    expect([play.partition.openRuns, play.dispatch.sent]).toEqual([0, []]);
  });

  it('does not decide before it has read to the end', async () => {
    play.journal.seq = 5;
    const opening = play.partition.open({ foldFromSeq: 3, lastSeq: 5, incarnation: 0, parked: [] });
    play.journal.seq = 4;
    await expect(opening).rejects.toThrow('could not be read to its end');
    expect(play.partition.isLive()).toBe(false);
  });

  /** A run that is paused while nothing is under way for it. */
  const parked = async (n: number): Promise<void> => {
    await play.accept(n);
    await play.hold(n, 'pause');
    await play.loaded(n);
    play.parkIdle();
  };

  describe('a run that only waits', () => {
    it('leaves memory, holds no checkpoint back, and is brought back by what comes for it', async () => {
      await play.partition.open(null);
      await parked(1);
      await play.accept(2);
      const { foldFromSeq, parked: listed } = play.partition.checkpoint();
      expect(listed).toMatchObject([{ runId: runIdOf(1), agents: ['agent'], firstSeq: 1 }]);
      expect([foldFromSeq > listed[0]!.lastSeq, play.partition.openRuns]).toEqual([true, 2]);
      // Entries that were read before change nothing.
      for (const old of play.journal.entries.get(runIdOf(1))!) await play.journal.reader!.onEntry(old);
      expect(play.partition.checkpoint().parked).toHaveLength(1);
      await play.hold(1, 'resume');
      expect([play.partition.checkpoint().parked, play.partition.openRuns]).toEqual([[], 2]);
      expect(play.partition.checkpoint().foldFromSeq).toBe(1);
      await play.cancel(1);
      expect(play.partition.openRuns).toBe(1);
    });

    it('is taken over from the checkpoint without its journal, and goes on with all that came since', async () => {
      await play.partition.open(null);
      await parked(1);
      const left = play.partition.checkpoint();
      expect(left.parked).toHaveLength(1);
      // Comes while the partition is still being read: kept, and told once it is.
      play.store(1, 'run.resume-requested.v1', play.held());
      const asked = (): string[] => play.dispatch.sent.filter((sent) => sent.startsWith('model-1'));
      await play.handOver(left, {}, () => expect(asked()).toEqual([]));
      expect(asked()).toEqual(['model-1:1:1']);
      expect([play.partition.openRuns, play.partition.checkpoint().parked]).toEqual([1, []]);
    });

    it('is due at once for whoever takes over while it is being read again', async () => {
      await play.partition.open(null);
      await parked(1);
      const read = Promise.withResolvers<RawEntry[]>();
      play.journal.read = () => read.promise;
      await play.hold(1, 'resume');
      expect(play.partition.checkpoint().parked).toMatchObject([{ dueAt: 0 }]);
      read.resolve(play.journal.entries.get(runIdOf(1))!);
      await play.settled();
      expect(play.partition.checkpoint().parked).toEqual([]);
    });

    it('stays in memory while something is under way for it', async () => {
      await play.partition.open(null);
      await play.accept(1);
      play.parkIdle();
      expect(play.partition.checkpoint().parked).toEqual([]);
    });
  });
});
