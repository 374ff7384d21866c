import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Breaker, type BreakerState, type Verdict } from './breaker.js';

class Fault extends Error {
  constructor(readonly verdict: Verdict) {
    super(verdict);
  }
}

const refused = new Error('refused');
const breakers: Breaker[] = [];

function make(overrides: Partial<ConstructorParameters<typeof Breaker>[0]> = {}): Breaker {
  const breaker = new Breaker({
    name: 'provider',
    windowMs: 10_000,
    volumeMin: 10,
    errorPercent: 50,
    resetMs: 5_000,
    verdict: (error) => (error instanceof Fault ? error.verdict : 'failure'),
    refusal: () => refused,
    ...overrides,
  });
  breakers.push(breaker);
  return breaker;
}

const fail = (breaker: Breaker, verdict: Verdict = 'failure'): Promise<unknown> =>
  breaker.run(() => Promise.reject(new Fault(verdict))).catch((error: unknown) => error);

async function failTimes(breaker: Breaker, times: number, verdict: Verdict = 'failure'): Promise<void> {
  for (let n = 0; n < times; n++) await fail(breaker, verdict);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const breaker of breakers.splice(0)) breaker.stop();
  vi.useRealTimers();
});

describe('Breaker', () => {
  it('passes results and errors on unchanged', async () => {
    const breaker = make();
    await expect(breaker.run(() => Promise.resolve(7))).resolves.toBe(7);
    await expect(fail(breaker)).resolves.toBeInstanceOf(Fault);
  });

  it('stays closed below its volume, opens at it and refuses without doing the work', async () => {
    const breaker = make();
    await failTimes(breaker, 9);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
    const work = vi.fn<() => Promise<void>>();
    await expect(breaker.run(work)).rejects.toBe(refused);
    expect(work).not.toHaveBeenCalled();
  });

  it('does not count what callers did wrong or gave up', async () => {
    const breaker = make();
    await failTimes(breaker, 20, 'answered');
    await failTimes(breaker, 20, 'unknown');
    expect(breaker.state).toBe('closed');
  });

  it('closes after a good try and tells each change', async () => {
    const breaker = make();
    const states: BreakerState[] = [];
    breaker.onChange((state) => states.push(state));
    await failTimes(breaker, 10);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(breaker.state).toBe('half-open');
    await breaker.run(() => Promise.resolve());
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  it('lets one call try while half-open and opens again when it fails', async () => {
    const breaker = make();
    await failTimes(breaker, 10);
    await vi.advanceTimersByTimeAsync(5_000);
    const probe = Promise.withResolvers<void>();
    const first = breaker.run(() => probe.promise).catch((error: unknown) => error);
    await expect(breaker.run(() => Promise.resolve())).rejects.toBe(refused);
    probe.reject(new Fault('failure'));
    await first;
    expect(breaker.state).toBe('open');
  });

  it('closes on a caller fault, which is an answer, but not on a try that was given up', async () => {
    const breaker = make();
    await failTimes(breaker, 10);
    await vi.advanceTimersByTimeAsync(5_000);
    await fail(breaker, 'unknown');
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(5_000);
    await fail(breaker, 'answered');
    expect(breaker.state).toBe('closed');
  });

  it('forgets failures that left the window', async () => {
    const breaker = make();
    await failTimes(breaker, 9);
    await vi.advanceTimersByTimeAsync(10_000);
    await failTimes(breaker, 9);
    expect(breaker.state).toBe('closed');
  });

  it('shares one timer between breakers and ends it with the last', () => {
    const before = vi.getTimerCount();
    const first = make();
    const second = make();
    expect(vi.getTimerCount()).toBe(before + 1);
    first.stop();
    second.stop();
    expect(vi.getTimerCount()).toBe(before);
  });

  it('refuses settings that would open on one unlucky call', () => {
    expect(() => make({ volumeMin: 1 })).toThrow(RangeError);
    expect(() => make({ windowMs: 1_500 })).toThrow(RangeError);
  });
});
