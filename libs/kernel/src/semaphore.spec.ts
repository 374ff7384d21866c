import { describe, expect, it } from 'vitest';
import { Semaphore } from './semaphore.js';

describe('Semaphore', () => {
  it('never lets more in than it has slots, and refuses what may not wait', async () => {
    const semaphore = new Semaphore(2, 1);
    await semaphore.acquire();
    await semaphore.acquire();
    const third = semaphore.acquire();
    await expect(semaphore.acquire()).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect([semaphore.inUse, semaphore.waiting]).toEqual([2, 1]);
    semaphore.release();
    await third;
    expect([semaphore.inUse, semaphore.waiting]).toEqual([2, 0]);
  });

  it('serves in the order of asking: who comes later does not overtake', async () => {
    const semaphore = new Semaphore(1);
    await semaphore.acquire();
    const order: number[] = [];
    const waiting = [1, 2, 3].map((n) => semaphore.run(async () => void order.push(n)));
    semaphore.release();
    const late = semaphore.run(async () => void order.push(4));
    await Promise.all([...waiting, late]);
    expect(order).toEqual([1, 2, 3, 4]);
    expect(semaphore.inUse).toBe(0);
  });

  it('gives the slot back when the work fails, at once or later', async () => {
    const semaphore = new Semaphore(1);
    await expect(semaphore.run(() => Promise.reject(new Error('later')))).rejects.toThrow('later');
    await expect(
      semaphore.run(() => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    expect(semaphore.inUse).toBe(0);
  });

  it('does not grow by slots that are given back twice', async () => {
    const semaphore = new Semaphore(1);
    await semaphore.acquire();
    semaphore.release();
    expect(() => semaphore.release()).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(semaphore.inUse).toBe(0);
  });

  it.each([0, -1, 1.5, NaN])('refuses %d slots, which would let nobody in for ever', (slots) => {
    expect(() => new Semaphore(slots)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
