import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { killQuietly } from '../process-tree.js';
import {
  type CgroupHost,
  type CgroupLimits,
  type CgroupSample,
  joinFolders,
  makeFolders,
  pidsIn,
  readKey,
  readNumber,
  removeFolders,
  type RunCgroup,
} from './cgroup.js';

/** Parent folders by controller; two of them may be one where controllers are mounted together. */
export interface CgroupV1Parents {
  memory: string;
  pids: string;
  cpuacct: string;
}

/** Linux control groups, version 1 (Documentation/admin-guide/cgroup-v1). */
export class CgroupV1Host implements CgroupHost {
  readonly version = 1;
  readonly #parents: CgroupV1Parents;

  constructor(parents: CgroupV1Parents) {
    this.#parents = parents;
  }

  async create(name: string, limits: CgroupLimits): Promise<RunCgroup> {
    const memory = join(this.#parents.memory, name);
    const pids = join(this.#parents.pids, name);
    const cpuacct = join(this.#parents.cpuacct, name);
    const folders = [...new Set([memory, pids, cpuacct])];
    await makeFolders(folders);
    const run: RunCgroup = {
      join: (pid) => joinFolders(folders, pid),
      sample: () => sample(memory, pids, cpuacct),
      remove: () => removeFolders(folders, () => folders.flatMap(pidsIn).forEach(killQuietly)),
    };
    try {
      await limitMemory(memory, limits.memoryBytes);
      await writeFile(join(pids, 'pids.max'), String(limits.pidsMax));
    } catch (error) {
      await run.remove();
      throw error;
    }
    return run;
  }
}

/** Swap counts too, or is not used: a limit that swap can get round is none. */
async function limitMemory(folder: string, bytes: number): Promise<void> {
  await writeFile(join(folder, 'memory.limit_in_bytes'), String(bytes));
  const withSwap = join(folder, 'memory.memsw.limit_in_bytes');
  if (existsSync(withSwap)) await writeFile(withSwap, String(bytes));
  else await writeFile(join(folder, 'memory.swappiness'), '0');
}

function sample(memory: string, pids: string, cpuacct: string): CgroupSample {
  return {
    cpuMs: Math.ceil(readNumber(cpuacct, 'cpuacct.usage') / 1e6),
    memoryPeakBytes: readNumber(memory, 'memory.max_usage_in_bytes'),
    oomKills: readKey(memory, 'memory.oom_control', 'oom_kill'),
    forksRefused: readKey(pids, 'pids.events', 'max'),
  };
}
