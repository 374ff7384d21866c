import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { killQuietly } from '../process-tree.js';
import {
  type CgroupHost,
  type CgroupLimits,
  joinFolders,
  makeFolders,
  pidsIn,
  readKey,
  readNumber,
  removeFolders,
  type RunCgroup,
} from './cgroup.js';

/** Linux control groups, version 2 (Documentation/admin-guide/cgroup-v2). The parent hands down memory, pids and cpu. */
export class CgroupV2Host implements CgroupHost {
  readonly version = 2;
  readonly #parent: string;

  constructor(parent: string) {
    this.#parent = parent;
  }

  async create(name: string, limits: CgroupLimits): Promise<RunCgroup> {
    const folder = join(this.#parent, name);
    await makeFolders([folder]);
    const run: RunCgroup = {
      join: (pid) => joinFolders([folder], pid),
      sample: () => ({
        cpuMs: Math.ceil(readKey(folder, 'cpu.stat', 'usage_usec') / 1e3),
        memoryPeakBytes: readNumber(folder, 'memory.peak'),
        oomKills: readKey(folder, 'memory.events', 'oom_kill'),
        forksRefused: readKey(folder, 'pids.events', 'max'),
      }),
      remove: () => removeFolders([folder], () => pidsIn(folder).forEach(killQuietly)),
    };
    try {
      const write = (file: string, value: number): Promise<void> => writeFile(join(folder, file), String(value));
      await write('memory.max', limits.memoryBytes);
      // Absent where the kernel has no swap accounting, and then no swap.
      if (existsSync(join(folder, 'memory.swap.max'))) await write('memory.swap.max', 0);
      await write('memory.oom.group', 1);
      await write('pids.max', limits.pidsMax);
    } catch (error) {
      await run.remove();
      throw error;
    }
    return run;
  }
}
