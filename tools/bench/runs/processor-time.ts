import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever the kernel's own tick. */
const TICK_MS = 10;

interface Usage {
  ppid: number;
  ticks: number;
}

/** Processor time that these processes and all their descendants have used, user and system, ms. */
export function processorMs(roots: readonly number[]): number {
  const all = new Map<number, Usage>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const usage = Number.isInteger(pid) ? usageOf(pid) : null;
    if (usage !== null) all.set(pid, usage);
  }
  const wanted = new Set(roots);
  let ticks = 0;
  for (const [pid, usage] of all) if (descends(pid, wanted, all)) ticks += usage.ticks;
  return ticks * TICK_MS;
}

/** Processor time that this machine has spent on anything, ms. */
export function machineMs(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'latin1').split(/\s+/, 8).map(Number);
  return [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * TICK_MS;
}

function descends(pid: number, roots: ReadonlySet<number>, all: ReadonlyMap<number, Usage>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = all.get(at)?.ppid) {
    if (roots.has(at)) return true;
  }
  return false;
}

/** Null where the process has ended meanwhile. */
function usageOf(pid: number): Usage | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
    // Its own and that of its children which have ended: a database ends its connections.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { ppid: Number(fields[1]), ticks };
  } catch {
    return null;
  }
}
