import type { RawEntry, RunRef } from '@signalbox/bus';
import { type JournalEntry, subjects } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { decide } from '@signalbox/run-engine';
import { createLogger } from '@signalbox/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RouterConfig } from '../config.js';
import {
  acceptedBody,
  MemoryDispatch,
  MemoryJournal,
  NoLimits,
  noQuotas,
  OpenPolicy,
  unlistedApprovals,
} from '../memory.fixture.js';
import { TimersService } from '../timers/timers.service.js';
import { DispatchGate } from '../dispatch/dispatch-gate.js';
import { AlarmsService } from './alarms.service.js';
import { RunShell } from './run-shell.js';
import { RunsService } from './runs.service.js';

const ref: RunRef = { tenant: 'demo', runId: 'run_00_0123456789abcdefghjkmnpqrs' };
const subject = subjects.run(ref.tenant, ref.runId);
const config = {
  decisionsMax: 8,
  unstartedMax: 64,
  redispatchMs: 1_000,
  dispatchesMax: 3,
  sessionTimeoutMs: 500,
} as RouterConfig;

describe('RunsService', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
  afterEach(() => void vi.useRealTimers());

  const make = () => {
    const journal = new MemoryJournal();
    const dispatch = new MemoryDispatch();
    const policy = new OpenPolicy();
    const logger = createLogger({ service: 'router', level: 'silent' });
    const gate = new DispatchGate(dispatch, new NoLimits(), config, logger);
    const alarms = new AlarmsService(new TimersService(), journal, dispatch, gate, config, logger);
    const runs = new RunsService(
      journal,
      dispatch,
      policy,
      alarms,
      unlistedApprovals(logger),
      noQuotas(logger),
      config,
      logger,
    );
    const left: RunShell[] = [];
    const shell = new RunShell(subject, ref, {
      isLive: () => true,
      admit: () => true,
      park: () => undefined,
      takeCall: () => true,
      settle: () => undefined,
      leave: (one) => void left.push(one),
    });
    const take = (entry: JournalEntry): Promise<void> => {
      journal.next(ref.runId);
      expect(journal.seq).toBe(entry.seq);
      const raw: RawEntry = {
        ...ref,
        seq: entry.seq,
        subject,
        bytes: new Uint8Array([entry.seq]),
        entry,
        seal: 'verified',
      };
      shell.fold(raw);
      return runs.advance(shell);
    };
    const accept = (): Promise<void> =>
      take({
        kind: 'run.accepted.v1',
        author: 'guard',
        seq: 1,
        body: acceptedBody(ref),
      });
    return { journal, dispatch, policy, runs, shell, left, take, accept };
  };

  it('stores first, then sends', async () => {
    const { journal, dispatch, shell, accept } = make();
    journal.faults.push(new MeshError('BUS_UNAVAILABLE', 'away'), new MeshError('BUS_TIMEOUT', 'away'));
    await accept();
    expect([dispatch.sent, shell.state.status]).toEqual([[], 'queued']);
    await vi.advanceTimersByTimeAsync(400);
    expect([dispatch.sent, shell.state.status]).toEqual([['session-load:1:1'], 'running']);
  });

  it('decides again from the newer state after a lost race', async () => {
    const { journal, dispatch, shell, accept, take } = make();
    journal.faults.push(new MeshError('SEQUENCE_CONFLICT', 'moved on'));
    await accept();
    expect(dispatch.sent).toEqual([]);
    await take({
      kind: 'run.cancel-requested.v1',
      author: 'guard',
      seq: 2,
      body: { principal: { keyId: 'k', userId: 'u' }, reason: 'no', requestedAt: 1 },
    });
    expect(shell.state.status).toBe('cancelled');
  });

  it('sends what another router asked for, when nobody has answered it soon', async () => {
    const { journal, dispatch, policy, shell, accept, take } = make();
    // Both decide; the other one's lands, and it loses the partition before it sends anything.
    journal.faults.push(new MeshError('SEQUENCE_CONFLICT', 'moved on'));
    await accept();
    const other = decide(shell.state, { nowMs: Date.now(), policy: policy.viewOf()! })!;
    await take({ kind: 'decision.v1', author: 'router', seq: 2, body: other.decision });
    expect([dispatch.sent, shell.state.status]).toEqual([[], 'running']);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(dispatch.sent).toEqual(['session-load:1:1']);
  });

  it('gives facts that keep outrunning its decisions a quiet window, and decides on all of them after it', async () => {
    const { journal, shell, accept } = make();
    await accept();
    let tries = 0;
    const decide = journal.decide.bind(journal);
    journal.decide = (...args) => {
      tries += 1;
      return decide(...args);
    };
    for (let n = 0; n < 20; n++) {
      // Each time somebody else writes between reading and storing.
      journal.faults.push(new MeshError('SEQUENCE_CONFLICT', 'moved on'));
      const seq = journal.next(ref.runId);
      const entry: JournalEntry =
        n === 0
          ? {
              kind: 'session.loaded.v1',
              author: 'memory',
              seq,
              body: { attempt: 1, messages: [], revision: 0, loadedAt: 1 },
            }
          : { kind: 'timer.fired.v1', author: 'router', seq, body: { timer: `effect:x:${n}`, firedAt: 1 } };
      shell.fold({ ...ref, seq, subject, bytes: new Uint8Array([seq]), entry, seal: 'verified' });
      shell.look();
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(tries).toBe(8);
    expect(shell.state.steps).toEqual([]);
    journal.faults.length = 0;
    await vi.advanceTimersByTimeAsync(100);
    expect([tries, shell.state.steps.length, shell.lost]).toEqual([9, 1, 0]);
  });

  it('sends again what could not be sent, under the same number, and what nobody answers, under a new one', async () => {
    const { dispatch, accept, take } = make();
    await accept();
    dispatch.sent.length = 0;
    dispatch.faults.push(new MeshError('OVERLOADED', 'the stream is full'));
    await take({
      kind: 'session.loaded.v1',
      author: 'memory',
      seq: 3,
      body: { attempt: 1, messages: [], revision: 0, loadedAt: 1 },
    });
    expect(dispatch.sent).toEqual(['model-1:1:1']);
    await vi.advanceTimersByTimeAsync(300);
    expect(dispatch.sent).toEqual(['model-1:1:1', 'model-1:1:1']);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(dispatch.sent.slice(2)).toEqual(['model-1:1:2', 'model-1:1:3']);
  });

  it('fires the timer of an effect once, however long its fact takes to be read', async () => {
    const { journal, accept } = make();
    await accept();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(journal.fired).toEqual(['effect:session-load:1']);
  });

  it('waits for a policy that is on its way', async () => {
    const { policy, shell, accept } = make();
    policy.ready = false;
    await accept();
    expect(shell.state.status).toBe('queued');
    policy.ready = true;
    await vi.advanceTimersByTimeAsync(500);
    expect(shell.state.status).toBe('running');
  });

  it('fails a run whose decision can never be stored, and leaves one alone that not even that helps', async () => {
    const one = make();
    one.journal.faults.push(new MeshError('PAYLOAD_TOO_LARGE', 'too large'));
    await one.accept();
    expect(one.shell.state).toMatchObject({ status: 'failed', error: { code: 'PAYLOAD_TOO_LARGE' } });
    expect(one.left).toEqual([one.shell]);
    const two = make();
    two.journal.faults.push(new MeshError('BUS_FORBIDDEN', 'no'), new MeshError('BUS_FORBIDDEN', 'no'));
    await two.accept();
    expect(two.shell.broken).toBe(true);
    await vi.advanceTimersByTimeAsync(600_000);
    expect([two.dispatch.sent, two.left]).toEqual([[], []]);
  });
});
