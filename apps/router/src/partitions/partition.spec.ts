import type { RawEntry } from '@signalbox/bus';
import { type JournalEntry, subjects } from '@signalbox/contracts';
import { createLogger } from '@signalbox/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RouterConfig } from '../config.js';
import { BudgetsService } from '../limits/budgets.service.js';
import {
  MemoryDispatch,
  MemoryJournal,
  NoBudgets,
  NoLimits,
  noQuotas,
  OpenPolicy,
  unlistedApprovals,
} from '../memory.fixture.js';
import { DispatchGate } from '../dispatch/dispatch-gate.js';
import { AlarmsService } from '../runs/alarms.service.js';
import { RunShell } from '../runs/run-shell.js';
import { RunsService } from '../runs/runs.service.js';
import { TimersService } from '../timers/timers.service.js';
import { Partition } from './partition.js';

const config = {
  decisionsMax: 8,
  unstartedMax: 64,
  redispatchMs: 60_000,
  dispatchesMax: 3,
  sessionTimeoutMs: 60_000,
} as RouterConfig;
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const none = new Uint8Array();
const runIdOf = (n: number): string => `run_00_${String(n).padStart(26, '0')}`;

describe('Partition', () => {
  let journal: MemoryJournal;
  let dispatch: MemoryDispatch;
  let partition: Partition;
  let timers: TimersService;
  let open: () => Partition;

  beforeEach(() => {
    journal = new MemoryJournal();
    dispatch = new MemoryDispatch();
    timers = new TimersService();
    const logger = createLogger({ service: 'router', level: 'silent' });
    const gate = new DispatchGate(dispatch, new NoLimits(), config, logger);
    const alarms = new AlarmsService(timers, journal, dispatch, gate, config, logger);
    const runs = new RunsService(
      journal,
      dispatch,
      new OpenPolicy(),
      alarms,
      unlistedApprovals(logger),
      noQuotas(logger),
      config,
      logger,
    );
    const options = {
      name: '00',
      owner: 'router-a',
      activeRunsMax: 1,
      openRunsMax: 3,
      parkAfterMs: 1_000,
      onFault: () => undefined,
    };
    open = () =>
      new Partition(options, journal, runs, new BudgetsService(new NoBudgets(), new NoLimits(), logger), logger);
    partition = open();
  });

  const accepted = (n: number, seal: RawEntry['seal'] = 'verified'): RawEntry => {
    const runId = runIdOf(n);
    const entry: JournalEntry = {
      kind: 'run.accepted.v1',
      author: 'guard',
      seq: journal.next(runId),
      body: {
        runId,
        tenant: 'demo',
        requestId: `req_${'0'.repeat(26)}`,
        sessionId: `s${n}`,
        principal: { keyId: 'k', userId: 'u' },
        agent: 'agent',
        input: [{ role: 'user', content: 'Hi' }],
        redactions: {},
        ruleset: 'r',
        stream: false,
        bundle: { version: 1, hash: 'b'.repeat(64) },
        acceptedAt: Date.now(),
      },
    };
    return {
      tenant: 'demo',
      runId,
      seq: entry.seq,
      subject: subjects.run('demo', runId),
      bytes: new Uint8Array([n]),
      entry,
      seal,
    };
  };
  const give = async (entry: RawEntry): Promise<void> => {
    journal.keep(entry);
    await journal.reader!.onEntry(entry);
    await tick();
  };
  const cancel = (n: number): RawEntry => {
    const { seq, ...place } = accepted(n);
    const body = { principal: { keyId: 'k', userId: 'u' }, reason: 'no', requestedAt: 1 };
    return { ...place, seq, entry: { kind: 'run.cancel-requested.v1', author: 'guard', seq, body } };
  };

  it('works on as many as it may, and on the next when one is over', async () => {
    await partition.open(null);
    await give(accepted(1));
    await give(accepted(2));
    expect([dispatch.sent.length, partition.openRuns]).toEqual([1, 2]);
    await give(cancel(1));
    expect([dispatch.sent.length, partition.openRuns]).toEqual([2, 1]);
    timers.onApplicationShutdown();
  });

  it('gives the turn of a run that waits for a person to the next', async () => {
    const shell = new RunShell('subject', { tenant: 'demo', runId: runIdOf(9) }, partition);
    const other = new RunShell('other', { tenant: 'demo', runId: runIdOf(8) }, partition);
    expect([partition.admit(shell), partition.admit(other)]).toEqual([true, false]);
    partition.park(shell, true);
    expect(partition.admit(other)).toBe(true);
    partition.park(shell, false);
    expect(partition.admit(new RunShell('third', { tenant: 'demo', runId: runIdOf(7) }, partition))).toBe(false);
  });

  it('keeps the oldest open run in its checkpoint', async () => {
    await partition.open(null);
    await give(accepted(1));
    await give(accepted(2));
    expect(partition.checkpoint()).toMatchObject({ foldFromSeq: 1 });
    await give(cancel(1));
    const second = partition.checkpoint();
    expect(second.foldFromSeq).toBeGreaterThan(1);
    expect(second.foldFromSeq).toBeLessThanOrEqual(second.lastSeq);
    const cancelled = cancel(2);
    await give(cancelled);
    expect(partition.checkpoint()).toEqual({
      foldFromSeq: cancelled.seq + 1,
      lastSeq: cancelled.seq,
      incarnation: 0,
      parked: [],
    });
    timers.onApplicationShutdown();
  });

  it('knows the decisions that it stored itself, and nothing else', async () => {
    await partition.open(null);
    const first = accepted(1);
    await give(first);
    const { isKnown } = journal.reader!;
    expect(partition.checkpoint().lastSeq).toBe(first.seq);
    expect(isKnown!(first.seq + 1, first.subject, none)).toBe(true);
    expect(partition.checkpoint().lastSeq).toBe(first.seq + 1);
    expect(isKnown!(first.seq + 2, first.subject, none)).toBe(false);
    expect(isKnown!(first.seq + 1, subjects.run('demo', runIdOf(2)), none)).toBe(false);
    const cancelled = cancel(1);
    await give(cancelled);
    expect(partition.openRuns).toBe(0);
    // Its end was decided here too, and is known once, though the run has left.
    expect(isKnown!(cancelled.seq + 1, first.subject, none)).toBe(true);
    expect(partition.checkpoint().lastSeq).toBe(cancelled.seq + 1);
    expect(isKnown!(cancelled.seq + 2, first.subject, none)).toBe(false);
    timers.onApplicationShutdown();
  });

  it('believes nothing whose author is not proven', async () => {
    await partition.open(null);
    await give(accepted(1, 'unchecked'));
    await give(accepted(2, 'invalid'));
    expect([partition.openRuns, dispatch.sent]).toEqual([0, []]);
  });

  it('does not decide before it has read to the end', async () => {
    journal.seq = 5;
    const opening = partition.open({ foldFromSeq: 3, lastSeq: 5, incarnation: 0, parked: [] });
    journal.seq = 4;
    await expect(opening).rejects.toThrow('could not be read to its end');
    expect(partition.isLive()).toBe(false);
  });

  const fact = (n: number, kind: string, body: object): RawEntry => {
    const { seq, ...place } = accepted(n);
    const author = kind === 'session.loaded.v1' ? 'memory' : 'guard';
    return { ...place, seq, entry: { kind, author, seq, body } as unknown as JournalEntry };
  };
  const hold = (n: number, what: 'pause' | 'resume'): RawEntry =>
    fact(n, `run.${what}-requested.v1`, {
      principal: { keyId: 'k', userId: 'u' },
      requestId: `req_${String(journal.seq).padStart(26, '0')}`,
      reason: 'so wanted',
      requestedAt: Date.now(),
    });
  /** A run that is paused while nothing is under way for it. */
  const parked = async (n: number): Promise<void> => {
    await give(accepted(n));
    await give(hold(n, 'pause'));
    await give(fact(n, 'session.loaded.v1', { attempt: 1, messages: [], revision: 0, loadedAt: Date.now() }));
    partition.parkIdle(Date.now() + 10_000);
  };

  describe('a run that only waits', () => {
    it('leaves memory, holds no checkpoint back, and is brought back by what comes for it', async () => {
      await partition.open(null);
      await parked(1);
      await give(accepted(2));
      const { foldFromSeq, parked: listed } = partition.checkpoint();
      expect(listed).toMatchObject([{ runId: runIdOf(1), agents: ['agent'], firstSeq: 1 }]);
      expect([foldFromSeq > listed[0]!.lastSeq, partition.openRuns]).toEqual([true, 2]);
      // Entries that were read before change nothing.
      for (const old of journal.entries.get(runIdOf(1))!) await journal.reader!.onEntry(old);
      expect(partition.checkpoint().parked).toHaveLength(1);
      await give(hold(1, 'resume'));
      await tick();
      expect([partition.checkpoint().parked, partition.openRuns]).toEqual([[], 2]);
      expect(partition.checkpoint().foldFromSeq).toBe(1);
      await give(cancel(1));
      expect(partition.openRuns).toBe(1);
      timers.onApplicationShutdown();
    });

    it('is taken over from the checkpoint without its journal, and goes on with all that came since', async () => {
      await partition.open(null);
      await parked(1);
      const left = partition.checkpoint();
      expect(left.parked).toHaveLength(1);
      await partition.close();

      partition = open();
      const read = Promise.withResolvers<void>();
      journal.follow = (_name, options) => {
        journal.reader = options;
        return { caughtUp: read.promise, closed: Promise.resolve(), lastSeq: () => journal.seq };
      };
      const opening = partition.open(left);
      await tick();
      // Comes while the partition is still being read: kept, and told once it is.
      const resumed = hold(1, 'resume');
      journal.keep(resumed);
      await journal.reader!.onEntry(resumed);
      expect(dispatch.sent.filter((sent) => sent.startsWith('model-1'))).toEqual([]);
      read.resolve();
      await opening;
      await tick();
      await tick();
      expect(dispatch.sent.filter((sent) => sent.startsWith('model-1'))).toEqual(['model-1:1:1']);
      expect([partition.openRuns, partition.checkpoint().parked]).toEqual([1, []]);
      timers.onApplicationShutdown();
    });

    it('is due at once for whoever takes over while it is being read again', async () => {
      await partition.open(null);
      await parked(1);
      const read = Promise.withResolvers<RawEntry[]>();
      journal.read = () => read.promise;
      await give(hold(1, 'resume'));
      expect(partition.checkpoint().parked).toMatchObject([{ dueAt: 0 }]);
      read.resolve(journal.entries.get(runIdOf(1))!);
      await tick();
      await tick();
      expect(partition.checkpoint().parked).toEqual([]);
      timers.onApplicationShutdown();
    });

    it('stays in memory while something is under way for it', async () => {
      await partition.open(null);
      await give(accepted(1));
      partition.parkIdle(Date.now() + 10_000);
      expect(partition.checkpoint().parked).toEqual([]);
      timers.onApplicationShutdown();
    });
  });
});
