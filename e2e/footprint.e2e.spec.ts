import { testFolder } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../tools/stack/options.ts';
import { startStack } from '../tools/stack/stack.ts';

const MiB = 1_048_576;
/** The whole idle mesh, shared pages counted once. */
const MEMORY_MAX_BYTES = 1_200_000_000;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    stateDir: testFolder('footprint'),
    ports: 'free',
    durable: false,
    print: () => undefined,
  });
});

afterAll(() => stack?.stop());

describe('the idle mesh', () => {
  it('takes less than 1.2 GB of memory, all processes together', () => {
    const report = stack.report();
    const total = (of: (process: (typeof report)[number]) => number): number =>
      report.reduce((sum, process) => sum + of(process), 0);
    const lines = report.map(
      ({ name, rssBytes, pssBytes }) => `${name} ${Math.round(pssBytes / MiB)} (RSS ${Math.round(rssBytes / MiB)})`,
    );
    process.stdout.write(
      `MiB: ${lines.join(', ')}; together ${Math.round(total((p) => p.pssBytes) / MiB)} (RSS ${Math.round(total((p) => p.rssBytes) / MiB)})\n`,
    );
    expect(report.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['nats', 'postgres', 'router', 'gateway', 'guard']),
    );
    expect(total((process) => process.pssBytes)).toBeLessThan(MEMORY_MAX_BYTES);
  });
});
