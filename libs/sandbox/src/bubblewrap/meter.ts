import type { ToolLimits } from '@signalbox/contracts';
import type { CgroupSample, RunCgroup } from '../cgroup/cgroup.js';
import type { SandboxKillCause, SandboxUsage } from '../sandbox.port.js';
import { sampleTree } from '../process-tree.js';

export type Exceeded = Extract<SandboxKillCause, 'cpu' | 'memory' | 'pids'>;

/** What a run uses, and whether that is more than it may. */
export interface Meter {
  /** The limit that is passed now, while the run goes on. */
  exceeded(): Exceeded | null;
  /** The limit the kernel enforced, asked after the end: it may have come between two looks. */
  enforced(): Exceeded | null;
  usage(): Pick<SandboxUsage, 'cpuMs' | 'memoryPeakBytes'>;
}

/** The kernel counts. `mountedBytes` are the copies of mounted files, which the memory limit leaves out. */
export function cgroupMeter(cgroup: RunCgroup, limits: ToolLimits, mountedBytes: number): Meter {
  const enforcedIn = ({ oomKills, forksRefused }: CgroupSample): Exceeded | null => {
    if (oomKills > 0) return 'memory';
    return forksRefused > 0 ? 'pids' : null;
  };
  return {
    exceeded: () => {
      const sample = cgroup.sample();
      return enforcedIn(sample) ?? (sample.cpuMs > limits.cpuMs ? 'cpu' : null);
    },
    enforced: () => enforcedIn(cgroup.sample()),
    usage: () => {
      const { cpuMs, memoryPeakBytes } = cgroup.sample();
      return { cpuMs, memoryPeakBytes: Math.max(0, memoryPeakBytes - mountedBytes) };
    },
  };
}

/** Without control groups we look at the processes. What lies between the last look and the end is not known, so nothing is called metered. */
export function treeMeter(pid: number, limits: ToolLimits, tasksMax: number): Meter {
  return {
    exceeded: () => {
      const { cpuMs, memoryBytes, tasks } = sampleTree(pid, limits.memoryBytes, tasksMax);
      if (tasks > tasksMax) return 'pids';
      if (memoryBytes > limits.memoryBytes) return 'memory';
      return cpuMs > limits.cpuMs ? 'cpu' : null;
    },
    enforced: () => null,
    usage: () => ({ cpuMs: 'unmetered', memoryPeakBytes: 'unmetered' }),
  };
}
