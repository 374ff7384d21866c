import { MeshError } from '@signalbox/kernel';
import { describe, expect, it, vi } from 'vitest';
import { deadline } from './deadline.js';
import { retry } from './retry.js';
import { parseRetryAfterMs } from './retry-after.js';

const options = { attemptsMax: 3, baseMs: 1, capMs: 20, signal: new AbortController().signal, shouldRetry: () => true };
const unavailable = (retryAfterMs?: number): MeshError =>
  new MeshError('PROVIDER_UNAVAILABLE', 'down', { details: retryAfterMs === undefined ? {} : { retryAfterMs } });

describe('retry', () => {
  it('tries again until it succeeds, counting from 0', async () => {
    const attempts: number[] = [];
    const result = await retry(async (attempt) => {
      attempts.push(attempt);
      if (attempt < 2) throw unavailable();
      return 'done';
    }, options);
    expect([result, attempts]).toEqual(['done', [0, 1, 2]]);
  });

  it('throws the last error when tries run out', async () => {
    const work = vi.fn<() => Promise<void>>().mockRejectedValue(unavailable());
    await expect(retry(work, options)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('does not repeat what is not worth it, nor wait longer than its cap', async () => {
    const work = vi.fn<() => Promise<void>>().mockRejectedValue(unavailable(21));
    await expect(retry(work, options)).rejects.toThrow('down');
    await expect(retry(work, { ...options, capMs: 30, shouldRetry: () => false })).rejects.toThrow('down');
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('waits at least as long as it is asked to', async () => {
    const startedAt = performance.now();
    await retry(async (attempt) => {
      if (attempt === 0) throw unavailable(20);
    }, options);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(18);
  });

  it('ends a wait with the reason of the abort', async () => {
    const controller = new AbortController();
    const cancelled = new MeshError('RUN_CANCELLED', 'stop');
    const shouldRetry = (): boolean => {
      setImmediate(() => controller.abort(cancelled));
      return true;
    };
    const waiting = retry(() => Promise.reject(unavailable(10_000)), {
      ...options,
      capMs: 20_000,
      signal: controller.signal,
      shouldRetry,
    });
    await expect(waiting).rejects.toBe(cancelled);
  });
});

describe('deadline', () => {
  const reason = (): MeshError => new MeshError('PROVIDER_TIMEOUT', 'late');

  it('aborts with its reason when time is up', async () => {
    using late = deadline({ timeoutMs: 1, reason });
    await new Promise((resolve) => late.signal.addEventListener('abort', resolve));
    expect([late.expired, (late.signal.reason as MeshError).code]).toEqual([true, 'PROVIDER_TIMEOUT']);
  });

  it('is over at once when no time is left', () => {
    using late = deadline({ timeoutMs: -5, reason });
    expect(late.signal.aborted).toBe(true);
  });

  it('follows the outer signal with its reason, and lets go of it when disposed', () => {
    const outer = new AbortController();
    const cancelled = new Error('cancelled');
    const kept = deadline({ timeoutMs: 60_000, signal: outer.signal, reason });
    const released = deadline({ timeoutMs: 60_000, signal: outer.signal, reason });
    released[Symbol.dispose]();
    outer.abort(cancelled);
    kept[Symbol.dispose]();
    expect([kept.signal.reason, kept.expired, released.signal.aborted]).toEqual([cancelled, false, false]);
    using after = deadline({ timeoutMs: 60_000, signal: outer.signal, reason });
    expect(after.signal.reason).toBe(cancelled);
  });
});

describe('parseRetryAfterMs', () => {
  it.each([
    ['2', 2_000],
    ['0.25', 250],
    [' 10 ', 10_000],
    ['Thu, 01 Jan 1970 00:00:05 GMT', 4_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['-1', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %j as %j', (header, expected) => {
    expect(parseRetryAfterMs(header, 1_000)).toBe(expected);
  });
});
