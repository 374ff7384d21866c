import type { RawEntry } from '@signalbox/bus';
import { runIdFor, subjects } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import type { StoredEntry } from '@signalbox/run-engine';
import { createLogger } from '@signalbox/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TouchedRun } from './partition-batch.js';
import { RunFolds } from './run-folds.js';

const tenant = 'acme';
const logger = createLogger({ service: 'audit', level: 'fatal' });
let seq = 0;

function raw(ref: { runId: string }, kind: 'run.accepted.v1' | 'timer.fired.v1' | 'run.refused.v1'): RawEntry {
  seq += 1;
  const { runId } = ref;
  const bodies = {
    'run.accepted.v1': {
      ...{ tenant, runId, requestId: 'req', sessionId: 's', principal: { keyId: 'k', userId: 'jane' }, agent: 'a' },
      ...{ input: [], redactions: {}, ruleset: 'r', stream: false, bundle: { version: 1, hash: '' }, acceptedAt: 7 },
    },
    'run.refused.v1': { tenant, runId, requestId: 'req', error: { code: 'AGENT_DENIED', message: '' }, refusedAt: 9 },
    'timer.fired.v1': { timer: 'wall', firedAt: 1 },
  };
  const author = kind === 'timer.fired.v1' ? 'router' : 'guard';
  const entry = { kind, author, seq, body: bodies[kind] } as unknown as RawEntry['entry'];
  return {
    seq,
    subject: subjects.run(tenant, runId),
    tenant,
    runId,
    bytes: Buffer.from(kind),
    entry,
    seal: 'verified',
  };
}

const touched = (entries: RawEntry[], turned = true): TouchedRun => ({
  ref: { tenant, runId: entries[0]!.runId },
  entries,
  turned,
  bytes: 100,
});

describe('the folds of open runs', () => {
  let reads: string[];
  let archived: StoredEntry[];
  const archive = {
    known: (runs: readonly { runId: string }[]) =>
      Promise.resolve(
        new Set(runs.map(({ runId }) => runId).filter((id) => archived.some((entry) => entry.subject.endsWith(id)))),
      ),
    read: (run: { runId: string }): Promise<StoredEntry[]> => {
      reads.push(run.runId);
      return Promise.resolve(archived);
    },
  };
  const newRef = (): { runId: string } => ({ runId: runIdFor({ tenant, requestId: newRequestId() }) });
  beforeEach(() => {
    reads = [];
    archived = [];
  });

  it('go on from memory', async () => {
    const folds = new RunFolds(archive, logger);
    const run = newRef();
    const first = await folds.advance([touched([raw(run, 'run.accepted.v1')])]);
    expect(first.rows).toMatchObject([{ runId: run.runId, status: 'queued', userId: 'jane', acceptedAt: 7 }]);
    first.commit();
    const second = await folds.advance([touched([raw(run, 'timer.fired.v1')], false)]);
    expect(second.rows).toEqual([]);
    expect(reads).toEqual([]);
  });

  it('are read from the archive where they are not known, and not kept when the batch was not', async () => {
    const folds = new RunFolds(archive, logger);
    const run = newRef();
    archived = [raw(run, 'run.accepted.v1')];
    const { rows } = await folds.advance([touched([raw(run, 'timer.fired.v1')])]);
    expect(rows).toMatchObject([{ runId: run.runId, status: 'queued', userId: 'jane' }]);
    expect(folds.size).toBe(0);
    const again = await folds.advance([touched([raw(run, 'timer.fired.v1')])]);
    again.commit();
    expect(reads).toEqual([run.runId, run.runId]);
    expect(folds.size).toBe(1);
  });

  it('leave memory with the end of the run, and when there are too many', async () => {
    const folds = new RunFolds(archive, logger, { runsMax: 2, bytesMax: 250 });
    (await folds.advance([touched([raw(newRef(), 'run.refused.v1')])])).commit();
    expect(folds.size).toBe(0);
    const runs = [newRef(), newRef(), newRef()];
    for (const run of runs) (await folds.advance([touched([raw(run, 'run.accepted.v1')])])).commit();
    expect(folds.size).toBe(2);
    await folds.advance(runs.map((run) => touched([raw(run, 'timer.fired.v1')], false)));
    expect(reads).toEqual([runs[0]!.runId]);
    (await folds.advance([{ ...touched([raw(newRef(), 'run.accepted.v1')]), bytes: 200 }])).commit();
    expect(folds.size).toBe(1);
  });

  it('are not begun anew by what comes late', async () => {
    const folds = new RunFolds(archive, logger);
    const run = newRef();
    archived = [raw(run, 'run.refused.v1')];
    const { rows } = await folds.advance([touched([raw(run, 'run.accepted.v1')])]);
    expect(rows).toMatchObject([{ status: 'refused' }]);
    expect(reads).toEqual([run.runId]);
  });

  it('show what comes after the end', async () => {
    const folds = new RunFolds(archive, logger);
    const run = newRef();
    archived = [raw(run, 'run.refused.v1')];
    const { rows } = await folds.advance([touched([raw(run, 'timer.fired.v1')], false)]);
    expect(rows).toMatchObject([{ status: 'refused' }]);
  });
});
