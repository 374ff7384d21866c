import { readdirSync, readFileSync } from 'node:fs';

/** A process as it can be recognised later: a pid alone may be somebody else's by then. */
export interface ProcessMark {
  pid: number;
  /** Start time in clock ticks since boot; null where /proc does not tell. */
  started: string | null;
}

interface ProcessStat {
  state: string;
  ppid: number;
  group: number;
  started: string;
}

export function markOf(pid: number): ProcessMark {
  return { pid, started: statOf(pid)?.started ?? null };
}

/** True while that very process lives; a zombie does not. */
export function isAlive({ pid, started }: ProcessMark): boolean {
  const stat = statOf(pid);
  if (stat) return stat.state !== 'Z' && stat.started === started;
  if (started !== null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The parent of a process, or null when it is gone or /proc does not tell. */
export function parentOf(pid: number): number | null {
  return statOf(pid)?.ppid ?? null;
}

/** Every process of a group. */
export function groupMembers(group: number): number[] {
  return listPids().filter((pid) => statOf(pid)?.group === group);
}

/** Resident and proportional memory, bytes; the second counts shared pages once over all that share them. */
export function memoryOf(pid: number): { rssBytes: number; pssBytes: number } {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const bytes = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) * 1024;
    return { rssBytes: bytes('Rss'), pssBytes: bytes('Pss') };
  } catch {
    return { rssBytes: 0, pssBytes: 0 };
  }
}

function listPids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function statOf(pid: number): ProcessStat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
    return { state: fields[0] ?? '', ppid: Number(fields[1]), group: Number(fields[2]), started: fields[19] ?? '' };
  } catch {
    return null;
  }
}
