import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { backoffMs, pause } from './backoff.js';

describe('backoffMs', () => {
  it('grows, has jitter and stays below its cap', () => {
    expect(backoffMs(0, 100, 1_000, () => 0)).toBe(50);
    expect(backoffMs(3, 100, 1_000, () => 1)).toBe(800);
    expect(backoffMs(40, 100, 1_000, () => 1)).toBe(1_000);
    expect(backoffMs(5_000, 100, 1_000, () => 0)).toBe(500);
  });
});

describe('pause', () => {
  const forEver = 2 ** 40;

  it('is over at once where the signal has aborted before', async () => {
    await pause(forEver, AbortSignal.abort());
  });

  it('ends with the signal, however long it was meant to be, and leaves no listener', async () => {
    const stop = new AbortController();
    let isOver = false;
    const waiting = pause(forEver, stop.signal).then(() => (isOver = true));
    await pause(5);
    expect(isOver).toBe(false);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    stop.abort();
    await waiting;
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });

  it('leaves no listener when its time is up either', async () => {
    const { signal } = new AbortController();
    await pause(1, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
