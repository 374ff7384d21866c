import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from './run.mjs';

const POLL_MS = 300;
const WAIT_MAX_MS = 15 * 60_000;
/** A lock without an owner in it is this old only when its maker died between two system calls. */
const OWNERLESS_MS = 5_000;

/**
 * Runs `work` while no other set-up of this clone runs: two npm installs at once break each other. Waits for a living
 * owner and says so; takes over from a dead one.
 */
export async function withLock(folder, say, work) {
  const lock = join(folder, 'bootstrap.lock');
  const deadline = Date.now() + WAIT_MAX_MS;
  const waitingSince = Date.now();
  for (let said = false; !acquire(lock); said = true) {
    const owner = readOwner(lock);
    if (owner === null ? Date.now() - waitingSince > OWNERLESS_MS : !isAlive(owner)) {
      discard(lock, owner);
      continue;
    }
    if (!said) say(`… another set-up of this clone is at work (pid ${owner?.pid ?? 'unknown'}); waiting for it`);
    if (Date.now() > deadline) {
      throw new BootstrapError(`the set-up of pid ${owner?.pid} did not end`, `End it, or remove ${lock}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function acquire(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(lock, 'owner.json'), JSON.stringify({ pid: process.pid, started: startedAt(process.pid) }));
  return true;
}

function readOwner(lock) {
  try {
    return JSON.parse(readFileSync(join(lock, 'owner.json'), 'utf8'));
  } catch {
    return null;
  }
}

/** Moves a dead owner's lock away; should another waiter have been faster, its fresh lock is put back. */
function discard(lock, deadOwner) {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  const taken = readOwner(aside);
  if (taken && JSON.stringify(taken) !== JSON.stringify(deadOwner) && !existsSync(lock)) renameSync(aside, lock);
  else rmSync(aside, { recursive: true, force: true });
}

/** A zombie, and another process that got the same pid later, are not the owner. */
function isAlive({ pid, started }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
  }
  return startedAt(pid) === started;
}

/** Start time of a process in clock ticks since boot (Linux), 'gone' for a dead or zombie one, null elsewhere. */
function startedAt(pid) {
  if (!existsSync('/proc/self/stat')) return null;
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ');
    return fields[0] === 'Z' ? 'gone' : fields[19];
  } catch {
    return 'gone';
  }
}
