import type { Quota } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import type { LimitKind, SharedLimit } from '../limits/limits.port.js';
import { NoLimits } from '../memory.fixture.js';
import { CarefulPolicy, PlayedPartition, type PlayOptions } from './partition.fixture.js';

describe('runs', () => {
  let play: PlayedPartition;
  const open = async (options: PlayOptions): Promise<void> => {
    play = new PlayedPartition(options);
    await play.partition.open(null);
  };
  afterEach(() => play.stop());

  /** It began, and waits for a resume alone. */
  const paused = async (n: number, sessionId?: string): Promise<void> => {
    await play.accept(n, sessionId);
    await play.hold(n, 'pause');
    await play.loaded(n);
  };

  describe('that are woken', () => {
    it('have their turn when all are taken and one becomes free, and give it to the next', async () => {
      await open({ activeRunsMax: 1 });
      await paused(1);
      await play.accept(2);
      await play.hold(1, 'resume');
      expect([play.sent(2), play.story(1).at(-1)]).toEqual([['session-load'], 'run.resume-requested.v1']);
      await play.cancel(2);
      expect(play.sent(1)).toEqual(['session-load', 'model-1']);
      await play.accept(3);
      expect(play.sent(3)).toEqual([]);
      await play.cancel(1);
      expect(play.sent(3)).toEqual(['session-load']);
    });

    it('wait for room within the limit of their agent, whatever comes for them', async () => {
      await open({ limits: new OneRun() });
      await paused(1);
      await play.accept(2);
      expect(play.sent(2)).toEqual(['session-load']);
      await play.hold(1, 'resume');
      const signal = { principal: { keyId: 'k', userId: 'u' }, signalId: `req_${'9'.repeat(26)}`, name: 'x' };
      await play.give(1, 'run.signalled.v1', { ...signal, payload: '1', redactions: {}, signalledAt: Date.now() });
      expect(play.sent(1)).toEqual(['session-load']);
      await play.cancel(2);
      expect(play.sent(1)).toEqual(['session-load', 'model-1']);
    });

    it('take one turn, not two, after another of their session', async () => {
      await open({ activeRunsMax: 2 });
      for (const [waiting, other] of [
        [1, 2],
        [3, 4],
      ] as const) {
        await paused(waiting, 's');
        await play.accept(other, 's');
        await play.hold(waiting, 'resume');
        await play.cancel(other);
        expect(play.sent(waiting)).toEqual(['session-load', 'model-1']);
        await play.cancel(waiting);
      }
      await play.accept(5);
      await play.accept(6);
      expect([play.sent(5), play.sent(6), play.partition.busyness().waitingRuns]).toEqual([
        ['session-load'],
        ['session-load'],
        0,
      ]);
    });

    it('still take one when another router takes them over, and one of the session at a time goes on', async () => {
      await open({ activeRunsMax: 1 });
      await paused(1, 's');
      await play.accept(2, 's');
      await play.loaded(2);
      await play.hold(1, 'resume');
      await play.handOver(play.partition.checkpoint());
      expect([play.sent(1), play.sent(2)]).toEqual([
        ['session-load', 'model-1'],
        ['session-load', 'model-1', 'model-1'],
      ]);
      await play.modelled(2, ['none']);
      expect(play.story(2).at(-1)).toBe('model.completed.v1');
      await play.cancel(1);
      expect(play.story(2).at(-1)).toBe('model.requested');
      await play.cancel(2);
      await play.accept(3);
      await play.accept(4);
      expect([play.sent(3), play.sent(4)]).toEqual([['session-load'], []]);
    });
  });

  describe('that wait, and have something to do', () => {
    it('stay in memory while they wait for a turn', async () => {
      await open({ activeRunsMax: 1, policy: new CarefulPolicy() });
      await play.asking(1, ['careful', 'careful']);
      await play.accept(2);
      await play.approve(1, 'call_1_0');
      play.parkIdle();
      await play.cancel(2);
      expect(play.sent(1)).toEqual(['session-load', 'model-1', 'call_1_0']);
    });

    it('stay in memory, and in line, while they wait for room to call a limited tool', async () => {
      await open({ policy: new CarefulPolicy(), limits: new OneCall() });
      await play.asking(2, ['scarce']);
      await play.asking(1, ['careful', 'scarce']);
      expect([play.sent(2).at(-1), play.story(1).at(-1)]).toEqual(['call_1_0', 'question.asked']);
      play.parkIdle();
      await play.ran(2, 'call_1_0');
      expect(play.sent(1)).toEqual(['session-load', 'model-1', 'call_1_1']);
    });

    it('stay in memory while a quota is asked for them', async () => {
      await open({ policy: new CarefulPolicy(), limits: new Quotas() });
      const answered = Promise.withResolvers<void>();
      play.quotas.beforeStore = () => answered.promise;
      await play.asking(1, ['careful', 'careful']);
      await play.approve(1, 'call_1_0');
      play.parkIdle();
      expect(play.partition.checkpoint().parked).toEqual([]);
      answered.resolve();
      await play.settled();
      expect(play.sent(1)).toEqual(['session-load', 'model-1', 'call_1_0']);
    });

    it('stay in memory while what was decided for them could not be stored', async () => {
      await open({ policy: new CarefulPolicy() });
      await play.asking(1, ['careful', 'careful']);
      play.journal.faults.push(new MeshError('BUS_UNAVAILABLE', 'away'));
      await play.approve(1, 'call_1_0');
      play.parkIdle();
      expect([play.story(1).at(-1), play.partition.checkpoint().parked]).toEqual(['question.answered.v1', []]);
    });
  });

  describe('that were paused before they began', () => {
    it('take no turn when one is free', async () => {
      await open({ activeRunsMax: 1 });
      for (const n of [1, 2]) await play.accept(n);
      await play.hold(2, 'pause');
      await play.accept(3);
      await play.cancel(1);
      expect([play.sent(2), play.sent(3)]).toEqual([[], ['session-load']]);
    });

    it('do not hold up their session', async () => {
      await open({});
      for (const n of [1, 2, 3]) await play.accept(n, 's');
      await play.hold(2, 'pause');
      await play.cancel(1);
      expect([play.sent(2), play.sent(3)]).toEqual([[], ['session-load']]);
      await play.hold(2, 'resume');
      expect(play.sent(2)).toEqual([]);
      await play.cancel(3);
      expect(play.sent(2)).toEqual(['session-load']);
    });

    it('begin after those of their session that were accepted before them', async () => {
      await open({});
      for (const n of [1, 2, 3]) await play.accept(n, 's');
      await play.hold(3, 'pause');
      play.parkIdle();
      await play.hold(3, 'resume');
      await play.cancel(1);
      expect([play.sent(2), play.sent(3)]).toEqual([['session-load'], []]);
    });

    it('give back the turn that they had, where their start could not be stored in time', async () => {
      await open({ activeRunsMax: 1 });
      play.journal.faults.push(new MeshError('BUS_UNAVAILABLE', 'away'));
      await play.accept(1);
      await play.hold(1, 'pause');
      await play.accept(2);
      expect([play.sent(1), play.sent(2)]).toEqual([[], ['session-load']]);
    });

    it('leave memory, and begin once they are resumed, whoever has their partition', async () => {
      await open({});
      for (const n of [1, 2, 3]) {
        await play.accept(n, 's');
        if (n > 1) await play.hold(n, 'pause');
      }
      await play.cancel(1);
      play.parkIdle();
      const left = play.partition.checkpoint();
      expect([left.parked.length, left.foldFromSeq]).toEqual([2, left.lastSeq + 1]);
      expect(left.parked.every(({ dueAt }) => Number.isSafeInteger(dueAt))).toBe(true);
      await play.hold(2, 'resume');
      expect(play.sent(2)).toEqual(['session-load']);
      await play.handOver(left);
      await play.hold(3, 'resume');
      expect(play.sent(3)).toEqual([]);
      await play.cancel(2);
      expect(play.sent(3)).toEqual(['session-load']);
    });

    it('end out of memory when they are cancelled', async () => {
      await open({ activeRunsMax: 1 });
      for (const n of [1, 2]) await play.accept(n);
      await play.hold(2, 'pause');
      play.parkIdle();
      expect(play.partition.checkpoint().parked).toHaveLength(1);
      await play.cancel(2);
      expect([play.story(2).at(-1), play.partition.openRuns]).toEqual(['run.cancelled', 1]);
    });
  });

  describe('that ask for a yes', () => {
    it('are no longer listed once they have it, in memory or not', async () => {
      await open({ policy: new CarefulPolicy() });
      await play.asking(1, ['careful']);
      await play.asking(2, ['careful', 'careful']);
      expect(play.listed(1)).toEqual(['q_call_1_0_0']);
      play.parkIdle();
      await play.approve(1, 'call_1_0');
      await play.approve(2, 'call_1_1');
      expect([play.listed(1), play.listed(2)]).toEqual([[], ['q_call_1_0_0']]);
    });

    it('are no longer listed where their router had it and died before it took them off', async () => {
      await open({ policy: new CarefulPolicy() });
      await play.asking(1, ['careful']);
      play.approvals.away = true;
      await play.approve(1, 'call_1_0');
      expect([play.story(1).at(-1), play.listed(1)]).toEqual(['tool.requested', ['q_call_1_0_0']]);
      const left = play.partition.checkpoint();
      play.approvals.away = false;
      await play.handOver(left);
      expect(play.listed(1)).toEqual([]);
    });
  });

  it('that are at work are not turned away by another router that holds fewer, and leave memory as all do', async () => {
    await open({ openRunsMax: 2 });
    for (const n of [1, 2]) {
      await play.accept(n);
      await play.loaded(n);
    }
    await play.handOver(play.partition.checkpoint(), { openRunsMax: 1 });
    await play.hold(2, 'pause');
    await play.modelled(2, ['careful']);
    expect([play.story(1).at(-1), play.story(2).at(-1)]).toEqual(['model.requested', 'model.completed.v1']);
    expect(play.story(2)).not.toContain('run.failed');
    play.parkIdle();
    expect(play.partition.checkpoint().parked).toHaveLength(1);
  });

  it('that only wait end when their agent is halted while nobody has their partition', async () => {
    const policy = new CarefulPolicy();
    await open({ policy });
    await play.asking(1, ['careful']);
    play.parkIdle();
    policy.halted = 'enough';
    await play.handOver(play.partition.checkpoint());
    expect([play.story(1).at(-1), play.partition.openRuns]).toEqual(['run.cancelled', 0]);
  });
});

/** One call of the tool at once. */
class OneCall extends NoLimits {
  override limitOf(_tenant: string, kind: LimitKind, name: string): SharedLimit | null {
    return kind === 'tool' && name === 'scarce' ? { limit: 1, version: 1 } : null;
  }
}

class Quotas extends NoLimits {
  override hasQuotas(): boolean {
    return true;
  }
  override quotasOf(): readonly Quota[] {
    return [{ id: 'calls', agents: '*', tools: '*', per: 'tenant', windowMs: 60_000, max: 10, description: '' }];
  }
}

/** One run of each agent at once. */
class OneRun extends NoLimits {
  override limitOf(_tenant: string, kind: LimitKind): SharedLimit | null {
    return kind === 'agent' ? { limit: 1, version: 1 } : null;
  }
}
