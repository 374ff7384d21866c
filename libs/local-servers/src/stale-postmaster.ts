import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './wait-for.js';

const STOP_TIMEOUT_MS = 15_000;

/**
 * A Postgres whose parent was killed leaves postmaster.pid behind, and sometimes itself. The file is removed when its
 * process is gone, a zombie, or not a Postgres on this folder; a living one of ours is stopped first.
 */
export async function clearStalePostmaster(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (runsOn(pid, dataDir)) {
    process.kill(pid, 'SIGINT');
    await waitFor(() => !runsOn(pid, dataDir), {
      timeoutMs: STOP_TIMEOUT_MS,
      what: `the Postgres left behind (pid ${pid})`,
    });
  }
  rmSync(file, { force: true });
}

/** True when the process lives (a zombie does not) and its command line names this data folder. */
function runsOn(pid: number, dataDir: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  if (existsSync('/proc/self/stat')) {
    try {
      const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];
      return (
        state !== 'Z' && state !== 'X' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataDir)
      );
    } catch {
      return false;
    }
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
