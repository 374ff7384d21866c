import { mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CgroupV2Host } from './cgroup-v2.js';

/** Plain files stand in for the kernel's: this shows what is written where and how answers are read, no more. */
describe('control groups of version 2', () => {
  const parent = mkdtempSync(join(tmpdir(), 'cgroup-spec-'));
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it('writes the limits, reads the counters and removes the folder', async () => {
    mkdirSync(parent, { recursive: true });
    const run = await new CgroupV2Host(parent).create('run-1', { memoryBytes: 1_000, pidsMax: 7 });
    const folder = join(parent, 'run-1');
    const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
    expect([read('memory.max'), read('memory.oom.group'), read('pids.max')]).toEqual(['1000', '1', '7']);

    await run.join(42);
    expect(read('cgroup.procs')).toBe('42');

    writeFileSync(join(folder, 'cpu.stat'), 'usage_usec 1500\nuser_usec 1000\n');
    writeFileSync(join(folder, 'memory.peak'), '900\n');
    writeFileSync(join(folder, 'memory.events'), 'max 3\noom 1\noom_kill 2\n');
    writeFileSync(join(folder, 'pids.events'), 'max 4\n');
    expect(run.sample()).toEqual({ cpuMs: 2, memoryPeakBytes: 900, oomKills: 2, forksRefused: 4 });

    // The kernel's files go with their folder.
    for (const file of [
      'memory.max',
      'memory.oom.group',
      'pids.max',
      'cgroup.procs',
      'cpu.stat',
      'memory.peak',
      'memory.events',
      'pids.events',
    ])
      unlinkSync(join(folder, file));
    await run.remove();
    expect(() => read('memory.max')).toThrow('ENOENT');
  });
});
