import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** More processes below one run than any limit allows: the walk ends here. */
const TREE_MAX = 8_192;

/** SIGKILL; a process that is gone already is what was wanted. */
export function killQuietly(pid: number): void {
  signalQuietly(pid, 'SIGKILL');
}

/**
 * Kills `root` and all below it. The root is stopped first, so that it can start nobody between the look and the kill.
 * Gives the processes right below it.
 */
export function killTree(root: number): number[] {
  signalQuietly(root, 'SIGSTOP');
  // The first of a pid namespace takes all in it along, so nobody is walked through who forks faster than we read.
  const children = childrenOf(root);
  children.forEach(killQuietly);
  for (const pid of descendants(root)) killQuietly(pid);
  killQuietly(root);
  return children;
}

const GONE_POLL_MS = 5;

/**
 * Waits until the pid namespaces that `inits` are the first process of are empty: the kernel ends the first last.
 * False when one is not after `waitMs`.
 */
export async function namespacesEnded(inits: readonly number[], waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  while (inits.some(isLivingInit)) {
    if (performance.now() > deadline) return false;
    await delay(GONE_POLL_MS);
  }
  return true;
}

/** A zombie has ended. A number used again belongs to a process of our own namespace, which has but one number. */
function isLivingInit(pid: number): boolean {
  const status = readProc(`${pid}/status`);
  return /^NSpid:\s+\d+\s+\d/m.test(status) && !/^State:\s+[ZX]/m.test(status);
}

export interface TreeSample {
  cpuMs: number;
  /** Without mapped files. */
  memoryBytes: number;
  tasks: number;
}

/** Clock ticks a second in /proc: USER_HZ, 100 on every architecture Linux has now. */
const TICKS_PER_SECOND = 100;

/**
 * What `root` and all below it use now, from /proc. Dead children count through those who reaped them.
 * Pages that processes share after a fork are told apart only when the plain sum passes `memoryBytesMax`: that is dear.
 */
export function sampleTree(root: number, memoryBytesMax: number, tasksMax: number): TreeSample {
  const sum: TreeSample = { cpuMs: 0, memoryBytes: 0, tasks: 0 };
  const pids = [root, ...descendants(root, tasksMax)];
  // Enough is known, and a fork bomb outruns whoever reads on.
  if (pids.length > tasksMax) return { ...sum, tasks: pids.length };
  for (const pid of pids) {
    // Fields after the command, which may itself hold blanks and brackets.
    const stat = readProc(`${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    const status = readProc(`${pid}/status`);
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = stat.slice(11, 15);
    sum.cpuMs += ((user + system + childUser + childSystem) * 1_000) / TICKS_PER_SECOND;
    sum.memoryBytes += (numberAt(status, 'RssAnon') + numberAt(status, 'RssShmem')) * 1_024;
    sum.tasks += numberAt(status, 'Threads');
  }
  if (sum.memoryBytes > memoryBytesMax && pids.length > 1)
    sum.memoryBytes = pids.reduce((bytes, pid) => bytes + ownBytes(pid), 0);
  return sum;
}

/** Memory of a process with its part of what it shares; the plain count where the kernel does not tell. */
function ownBytes(pid: number): number {
  const rollup = readProc(`${pid}/smaps_rollup`);
  const kib =
    rollup === ''
      ? numberAt(readProc(`${pid}/status`), 'RssAnon')
      : numberAt(rollup, 'Pss_Anon') + numberAt(rollup, 'Pss_Shmem');
  return kib * 1_024;
}

/** Threads of all processes of a user, as RLIMIT_NPROC counts them. */
export function tasksOfUser(uid: number): number {
  let tasks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = readProc(`${name}/status`);
    if (numberAt(status, 'Uid', -1) === uid) tasks += numberAt(status, 'Threads');
  }
  return tasks;
}

/** At most about `enough` of them. */
export function descendants(root: number, enough = TREE_MAX): number[] {
  const found: number[] = [];
  const queue = [root];
  for (let pid = queue.pop(); pid !== undefined && found.length < enough; pid = queue.pop()) {
    const children = childrenOf(pid);
    found.push(...children);
    queue.push(...children);
  }
  return found;
}

function childrenOf(pid: number): number[] {
  return listProc(`${pid}/task`).flatMap((thread) =>
    readProc(`${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

/** First number of a line `key: number …`. */
function numberAt(text: string, key: string, absent = 0): number {
  const found = new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1];
  return found === undefined ? absent : Number(found);
}

/** Processes come and go while one looks: what cannot be read is gone. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}

function listProc(path: string): string[] {
  try {
    return readdirSync(`/proc/${path}`);
  } catch {
    return [];
  }
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: gone already.
  }
}
