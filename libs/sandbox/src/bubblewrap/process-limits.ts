import type { CheckedRequest } from '../request-check.js';
import { tasksOfUser } from '../process-tree.js';
import type { ProcessLimits } from './launch.js';
import type { Toolchain } from './toolchain.js';

/** bwrap outside and inside, the code itself, and the threads Node starts on its own. */
export const OWN_TASKS = { python: 3, javascript: 16 };
/** The kernel refuses a little past the limit, so that the watch sees it passed. */
const TASKS_SEEN_PAST_LIMIT = 8;
/** Address space beyond the memory limit: libraries, thread stacks and arenas are reserved, not used. */
const ADDRESS_SPACE_SLACK_BYTES = 536_870_912;

export function processLimits(
  { limits, language }: CheckedRequest,
  { identity }: Toolchain,
  hasCgroup: boolean,
  runsMax: number,
): ProcessLimits {
  const cpuSeconds = Math.ceil(limits.cpuMs / 1_000) + 1;
  if (hasCgroup) return { cpuSeconds, tasks: 'unlimited', tasksInside: 'unlimited', addressSpaceKib: 'unlimited' };
  const tasksMax = limits.pidsMax + OWN_TASKS[language];
  const uid = identity?.uid ?? process.geteuid?.() ?? 0;
  return {
    cpuSeconds,
    // Counted over all processes of the user, so there must be room for the other runs: a wall behind the watch, not the limit.
    tasks: tasksOfUser(uid) + 2 * runsMax * tasksMax,
    tasksInside: tasksMax + TASKS_SEEN_PAST_LIMIT,
    // V8 reserves more address space than any sensible limit.
    addressSpaceKib:
      language === 'python' ? Math.ceil((limits.memoryBytes + ADDRESS_SPACE_SLACK_BYTES) / 1_024) : 'unlimited',
  };
}
