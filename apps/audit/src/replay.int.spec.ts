import type { RunRef } from '@signalbox/bus';
import type { DecisionV1, RunEvent } from '@signalbox/contracts';
import type { DecisionDiff, Replay } from '@signalbox/run-engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT, World } from './audit.fixture.js';

interface Verdict {
  ok: boolean;
  faults: string[];
  differences: DecisionDiff[];
}

const withEvents =
  (change: (event: RunEvent) => RunEvent) =>
  (decision: DecisionV1): DecisionV1 => ({ ...decision, events: decision.events.map(change) });
const otherOutput = withEvents((event) =>
  event.type === 'run.completed' ? { ...event, output: 'Bad day.', steps: 7 } : event,
);

describe('a journal decided and folded again', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    await world.startAudit();
  });
  afterAll(() => world.stop());

  const verdict = async ({ runId }: RunRef): Promise<Verdict> => {
    const { body } = await world.ask(`${TENANT}/runs/${runId}/verify`);
    return (body.data as unknown as [Verdict])[0];
  };
  /** A run whose last decision a router made otherwise than the rules have it. */
  const decidedOtherwise = async (change: (decision: DecisionV1) => DecisionV1): Promise<RunRef & { seq: number }> => {
    const run = await world.begin();
    await world.answer(run);
    await world.decide(run, change);
    const { seq } = (await world.buses.router.journal.last(run))!;
    await world.caughtUp(run);
    return { ...run, seq };
  };

  describe('verification', () => {
    it('shows nothing of a run that was decided by the rules', async () => {
      const run = await world.complete();
      await world.caughtUp(run);
      expect(await verdict(run)).toMatchObject({ ok: true, faults: [], differences: [] });
    });

    it('shows what a router decided, and what the rules give', async () => {
      const { seq, ...run } = await decidedOtherwise(otherOutput);
      expect(await verdict(run)).toMatchObject({
        ok: false,
        faults: [`entry ${seq}: decided anew, the rules give something else`],
        differences: [
          {
            seq,
            more: 0,
            rows: [
              { event: 'run.completed', at: '/output', journal: '"Bad day."', rules: '"Good day."' },
              { event: 'run.completed', at: '/steps', journal: '7', rules: '1' },
            ],
          },
        ],
      });
    });

    it('shows what was altered in the archive', async () => {
      const run = await world.complete();
      await world.caughtUp(run);
      const { seq, bytes } = (await world.unpack(run.runId))[5]!;
      const text = bytes.toString('latin1');
      expect(text).toContain('Good day.');
      await world.alter(run.runId, seq, Buffer.from(text.replace('Good day.', 'Bad day..'), 'latin1'));
      const { ok, faults, differences } = await verdict(run);
      expect(ok).toBe(false);
      expect(faults).toContain(`entry ${seq}: is not as in the journal on the bus`);
      expect(differences).toEqual([
        {
          ...{ seq, more: 0 },
          rows: [{ event: 'run.completed', at: '/output', journal: '"Bad day.."', rules: '"Good day."' }],
        },
      ]);
    });

    it('does not hold a decision against rules that this release does not have', async () => {
      const { seq, ...run } = await decidedOtherwise((decision) => ({ ...otherOutput(decision), engine: 99 }));
      expect(await verdict(run)).toMatchObject({
        ok: false,
        faults: [`entry ${seq}: decided by version 99 of the rules, which this release does not have`],
        differences: [],
      });
    });

    it('of all runs says which, and leaves the differences to the one', async () => {
      const { runId } = await decidedOtherwise(otherOutput);
      const { body } = await world.ask(`${TENANT}/verify`);
      const found = body.data!.find((one) => one['runId'] === runId)!;
      expect(found).toMatchObject({ ok: false, faults: [expect.stringContaining('something else')] });
      expect(found).not.toHaveProperty('differences');
    });
  });

  describe('a replay', () => {
    const replayed = async ({ runId }: RunRef, query = ''): Promise<Replay> => {
      const { status, body } = await world.ask(`${TENANT}/runs/${runId}/replay${query}`);
      expect(status).toBe(200);
      return body as unknown as Replay;
    };

    it('tells how the run came about from what the archive has alone', async () => {
      const run = await world.complete();
      await world.caughtUp(run);
      const { frames, view, steps, left, limits } = await replayed(run);
      expect(frames.map(({ what, status, step }) => [what, status, step])).toEqual([
        ['run.accepted', 'queued', 0],
        ['run.started, session.requested', 'running', 0],
        ['session.loaded', 'running', 0],
        ['model.requested step 1', 'running', 1],
        ['model.completed step 1', 'running', 1],
        ['run.completed, session.save-requested', 'completed', 1],
        ['session.saved', 'completed', 1],
      ]);
      expect(frames.map(({ costNanoUsd }) => costNanoUsd)).toEqual([0, 0, 0, 0, 100, 100, 100]);
      expect(view).toMatchObject({ runId: run.runId, status: 'completed', output: 'Good day.', costNanoUsd: 100 });
      expect(steps).toMatchObject([{ step: 1, status: 'completed', content: 'Good day.', calls: [] }]);
      expect({ left, limits }).toMatchObject({ left: 0, limits: { stepsMax: 9 } });
    });

    it('stops at an entry, or where a step ends', async () => {
      const run = await world.complete();
      await world.caughtUp(run);
      const { frames } = await replayed(run);
      const { seq } = frames[3]!;
      const part = await replayed(run, `?to=${seq}`);
      expect(part).toMatchObject({ seq, left: 3, view: { status: 'running', output: null, costNanoUsd: 0 } });
      expect(part.frames).toEqual(frames.slice(0, 4));
      expect((await replayed(run, '?step=0')).frames).toEqual(frames.slice(0, 3));
      expect((await replayed(run, '?step=1')).frames).toEqual(frames);
    });

    it('goes to no entry and no step that the run has not, and to no run of another tenant', async () => {
      const run = await world.complete();
      await world.caughtUp(run);
      for (const query of ['to=0', 'step=2', 'to=1&step=1', 'to=x', 'step=-1', 'until=1']) {
        const { status, body } = await world.ask(`${TENANT}/runs/${run.runId}/replay?${query}`);
        expect([query, status, body.title]).toEqual([query, 400, 'REQUEST_INVALID']);
      }
      for (const path of [`globex/runs/${run.runId}`, `${TENANT}/runs/${world.newRun().runId}`])
        expect((await world.ask(`${path}/replay`)).body.title).toBe('RUN_UNKNOWN');
    });
  });
});
