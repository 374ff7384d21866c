import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import { countsInQuotas, type QuotaQuestion, type QuotaVerdict } from './quotas.js';
import { redecide } from './redecide.js';
import { eventsOf, type WorldOptions } from './script.fixture.js';
import type { Call, RunState } from './state.js';
import { World } from './world.fixture.js';

const taken = { id: 'few', used: 1, max: 2 };

/** Lets `max` calls through; each is known only once it was asked `delay` times. */
class Quota {
  readonly asked = new Map<string, number>();
  readonly granted: string[] = [];
  /** The run is looked at again. */
  wake: () => void = () => undefined;
  constructor(
    private readonly max: number,
    private readonly delay = 1,
  ) {}
  readonly ask = ({ callId }: QuotaQuestion): QuotaVerdict => {
    const times = (this.asked.get(callId) ?? 0) + 1;
    this.asked.set(callId, times);
    if (times <= this.delay) {
      if (Number.isFinite(this.delay)) this.wake();
      return 'pending';
    }
    if (this.granted.includes(callId)) return { granted: [taken] };
    if (this.granted.length >= this.max)
      return { denied: { reason: 'Quota few: 2 of 2 calls are used up.', quotas: [taken] } };
    this.granted.push(callId);
    return { granted: [taken] };
  };
}

function world(quota: Quota, options: Partial<WorldOptions> = {}): World {
  const calls = Array.from({ length: 4 }, () => ({ tool: 'pure', outcome: 'ok' as const }));
  const one = new World({ script: [{ calls }], quota: quota.ask, ...options });
  quota.wake = () => void one.flying.push(() => undefined);
  return one;
}

describe('quotas', () => {
  it.each([0, 1, 3])('let through what there is room for, refuse the rest, and can be decided again (%i)', (delay) => {
    const quota = new Quota(2, delay);
    const one = world(quota);
    expect(one.settle()).toMatchObject({ status: 'completed', toolCalls: 2, denied: 2 });
    expect(one.prompts.at(-1)).toContain('QUOTA_EXCEEDED');
    const requested = eventsOf(one).filter((event) => event.type === 'tool.requested');
    expect(requested.map(({ decision }) => decision.quotas)).toEqual([[taken], [taken]]);
    const refused = eventsOf(one).filter((event) => event.type === 'tool.refused');
    expect(refused.map(({ decision }) => [decision.kind, decision.quotas])).toEqual([
      ['quota', [taken]],
      ['quota', [taken]],
    ]);
    expect(redecide(one.journal)).toMatchObject({ ok: true });
  });

  it('are asked once a call: another attempt has what the first took', () => {
    const quota = new Quota(5, 0);
    const one = world(quota, { script: [{ calls: [{ tool: 'pure', outcome: 'TOOL_TIMEOUT' }] }] });
    one.settle();
    expect([...quota.asked.keys()]).toEqual(['call_1_0']);
    const attempts = eventsOf(one).filter((event) => event.type === 'tool.requested');
    expect(attempts.map(({ attempt, decision }) => [attempt, decision.quotas])).toEqual(
      [1, 2, 3].map((n) => [n, [taken]]),
    );
    expect(redecide(one.journal).ok).toBe(true);
  });

  it('are not asked for calls that would not begin: denied, or not yet approved', () => {
    const quota = new Quota(5, 0);
    const calls = ['pure', 'careful'].map((tool) => ({ tool, outcome: 'ok' as const, answer: 'deny' as const }));
    const one = world(quota, { script: [{ calls }], denied: ['pure'] });
    one.settle();
    expect(quota.asked.size).toBe(0);
  });

  it('hold for calls of a plan in a row, and for what is worked out on the spot', () => {
    const step = (tool: string) => ({
      id: tool,
      order: 'sequence' as const,
      onError: 'continue' as const,
      calls: [1, 2, 3].map((n) => ({ tool, arguments: { n } })),
    });
    for (const tool of ['pure', 'inline']) {
      const plan = { steps: [step(tool)], output: '`1`', history: false };
      const one = world(new Quota(2, 1), { plan });
      expect(one.settle()).toMatchObject({ status: 'completed', toolCalls: 2, denied: 1 });
      expect(redecide(one.journal)).toMatchObject({ ok: true });
    }
  });

  it('do not keep a run that is cancelled', () => {
    const one = world(new Quota(5, Number.POSITIVE_INFINITY));
    one.settle(0);
    one.cancel();
    expect(one.settle(0).status).toBe('cancelled');
  });

  it('count what may have happened, and not what surely did not', () => {
    const status = (outcome: 'ok' | 'TOOL_FAILED' | 'orphaned', tool: string): boolean => {
      const one = world(new Quota(5, 0), { script: [{ calls: [{ tool, outcome }] }] });
      return countsInQuotas(one.settle(1), 'call_1_0');
    };
    expect(status('ok', 'unsafe')).toBe(true);
    expect(status('TOOL_FAILED', 'unsafe')).toBe(true);
    expect(status('orphaned', 'unsafe')).toBe(true);
    const refused = world(new Quota(0, 0)).settle();
    expect(countsInQuotas(refused, 'call_1_0')).toBe(false);
    const unclaimed = world(new Quota(5, 0), { script: [{ calls: [{ tool: 'unsafe', outcome: 'silent' }] }] });
    for (let state = unclaimed.settle(0); state.calls['call_1_0']?.status !== 'requested'; state = unclaimed.fold())
      unclaimed.decideFrom(state);
    expect(countsInQuotas(unclaimed.fold(), 'call_1_0')).toBe(true);
    unclaimed.cancel();
    expect(countsInQuotas(unclaimed.settle(0), 'call_1_0')).toBe(false);
    expect(decide(unclaimed.fold(), { nowMs: unclaimed.nowMs, policy: unclaimed.policy })).toBeNull();
  });

  it('count in a quarantined run what may have begun, and nothing that waits to', () => {
    const one = world(new Quota(5, Number.POSITIVE_INFINITY), {
      script: [{ calls: [{ tool: 'unsafe', outcome: 'silent' }] }],
    });
    const state = one.settle(0);
    const quarantined = (status: Call['status']): RunState => ({
      ...state,
      status: 'quarantined',
      calls: { call_1_0: { ...state.calls['call_1_0']!, status } },
    });
    expect(state.calls['call_1_0']?.status).toBe('proposed');
    expect(countsInQuotas(state, 'call_1_0')).toBe(true);
    expect(countsInQuotas(quarantined('proposed'), 'call_1_0')).toBe(false);
    expect(countsInQuotas(quarantined('requested'), 'call_1_0')).toBe(true);
  });
});
