import { MeshError } from '@signalbox/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeltaWriter } from './delta-writer.js';

const asIs = { push: (text: string) => text, end: () => '' };

function writer(publish: (index: number, text: string) => Promise<void>, stream = asIs) {
  const faults: MeshError[] = [];
  return { faults, deltas: new DeltaWriter({ stream, publish, onFault: (fault) => faults.push(fault) }) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('DeltaWriter', () => {
  it('sends a few words at a time, after a while or when there is enough', async () => {
    const sent: [number, string][] = [];
    const { deltas } = writer(async (index, text) => void sent.push([index, text]));
    deltas.push('a ');
    deltas.push('b ');
    expect([sent, deltas.published]).toEqual([[], false]);
    await vi.advanceTimersByTimeAsync(30);
    deltas.push('x'.repeat(256));
    await deltas.end();
    expect(sent).toEqual([
      [0, 'a b '],
      [1, 'x'.repeat(256)],
    ]);
    expect(deltas.published).toBe(true);
  });

  it('has one on its way at once; what comes meanwhile goes together', async () => {
    const sent: string[] = [];
    const gates: (() => void)[] = [];
    const { deltas } = writer((_index, text) => {
      sent.push(text);
      return new Promise<void>((resolve) => gates.push(resolve));
    });
    deltas.push('x'.repeat(300));
    for (let n = 0; n < 5; n++) deltas.push('y'.repeat(300));
    expect(sent).toHaveLength(1);
    const ended = deltas.end();
    gates[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    gates[1]?.();
    await ended;
    expect(sent).toEqual(['x'.repeat(300), 'y'.repeat(1_500)]);
  });

  it('sends what the stream held back, at the end', async () => {
    const sent: string[] = [];
    const { deltas } = writer(async (_index, text) => void sent.push(text), { push: () => '', end: () => 'held' });
    deltas.push('anything');
    await deltas.end();
    expect(sent).toEqual(['held']);
  });

  it('sends nothing after a fault, and tells it once', async () => {
    const sent: string[] = [];
    const { deltas, faults } = writer((_index, text) => {
      sent.push(text);
      return Promise.reject(new MeshError('BUS_UNAVAILABLE', 'gone'));
    });
    deltas.push('x'.repeat(300));
    await vi.advanceTimersByTimeAsync(100);
    deltas.push('y'.repeat(300));
    await deltas.end();
    expect([sent.length, faults.map(({ code }) => code)]).toEqual([1, ['BUS_UNAVAILABLE']]);
  });

  it('drops what has not gone out when stopped', async () => {
    const sent: string[] = [];
    const { deltas } = writer(async (_index, text) => void sent.push(text));
    deltas.push('a');
    deltas.stop();
    await vi.advanceTimersByTimeAsync(100);
    await deltas.end();
    expect([sent, deltas.published]).toEqual([[], false]);
  });
});
