import { subjects } from '@signalbox/contracts';
import { newRun } from '@signalbox/run-engine';
import { createLogger } from '@signalbox/telemetry';
import { describe, expect, it } from 'vitest';
import { type RunHome, RunShell } from '../runs/run-shell.js';
import { ParkedRuns } from './parked-runs.js';
import { QuarantinedRuns } from './quarantined-runs.js';

const KEPT_MAX = 2_000;
const logger = createLogger({ service: 'router', level: 'silent' });
const parkedRuns = (): ParkedRuns =>
  new ParkedRuns(
    {
      isLive: () => false,
      read: () => Promise.resolve([]),
      later: () => ({ cancel: () => undefined }),
      unpark: () => undefined,
    },
    logger,
  );

function shell(n: number, isBegun = true): RunShell {
  const ref = { tenant: 'demo', runId: `run_00_${String(n).padStart(26, '0')}` };
  const one = new RunShell(subjects.run(ref.tenant, ref.runId), ref, {} as RunHome);
  const accepted = isBegun ? ({ agent: 'agent' } as RunShell['state']['accepted']) : null;
  one.state = { ...newRun(one.state.subject), status: 'quarantined', firstSeq: n, seq: n + 5, accepted };
  return one;
}

describe('quarantined runs', () => {
  it('are due at once for whoever takes over, and known here whatever comes for them', () => {
    const runs = new QuarantinedRuns(logger);
    runs.add(shell(7));
    const { subject } = shell(7).state;
    expect([runs.has(subject), runs.has(shell(8).state.subject)]).toEqual([true, false]);
    expect(runs.list().runs).toMatchObject([{ agents: ['agent'], firstSeq: 7, lastSeq: 12, dueAt: 0 }]);
  });

  it('are forgotten where nothing but a tombstone is left of them', () => {
    const runs = new QuarantinedRuns(logger);
    runs.add(shell(7, false));
    expect(runs.list()).toEqual({ runs: [], beyondSeq: Number.POSITIVE_INFINITY });
  });

  it('hold the checkpoint back where they are more than are kept', () => {
    const runs = new QuarantinedRuns(logger);
    for (let n = 1; n <= KEPT_MAX + 2; n++) runs.add(shell(n));
    expect(runs.list().runs).toHaveLength(KEPT_MAX);
    expect(runs.list().beyondSeq).toBe(KEPT_MAX + 1);
    expect(parkedRuns().list(runs.list())).toMatchObject({ beyondSeq: KEPT_MAX + 1 });
  });

  it('share the places of a checkpoint with parked ones: those that began first have them', () => {
    const [parked, runs] = [parkedRuns(), new QuarantinedRuns(logger)];
    const place = { tenant: 'demo', agents: ['agent'], lastSeq: 9_999, dueAt: 5 } as const;
    for (let n = 1; n <= KEPT_MAX; n++) {
      runs.add(shell(2 * n));
      parked.add({ ...place, runId: `run_00_${String(2 * n + 1).padStart(26, '0')}`, firstSeq: 2 * n + 1 });
    }
    const listed = parked.list(runs.list());
    expect(listed.parked.map(({ firstSeq }) => firstSeq)).toEqual(Array.from({ length: KEPT_MAX }, (_, n) => n + 2));
    expect(listed.beyondSeq).toBe(KEPT_MAX + 2);
  });
});
