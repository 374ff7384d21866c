import { execFile } from 'node:child_process';
import { chmod, copyFile, link, lstat, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Identity } from './options.js';

const run = promisify(execFile);

/**
 * The path of a program that `identity` can read and start: its own, or that of a copy in `folder`
 * where it lies below a folder closed to others, as a checkout in root's home does.
 */
export async function placeWithinReach(program: string, folder: string, identity: Identity | null): Promise<string> {
  if (await reaches(program, identity)) return program;
  if (!identity) throw new Error(`${basename(program)} cannot be started by this user`);
  await ownFolder(folder);
  const { size, mtimeMs } = await stat(program);
  const placed = join(folder, `${basename(program)}-${size}-${Math.floor(mtimeMs)}`);
  if (await reaches(placed, identity)) return placed;
  const fresh = `${placed}.${process.pid}`;
  await rm(fresh, { force: true });
  await link(program, fresh).catch(() => copyFile(program, fresh));
  // A hard link shares its mode with the original, so only a copy may need this.
  if (!(await reaches(fresh, identity))) await chmod(fresh, 0o755);
  await rename(fresh, placed);
  if (!(await reaches(placed, identity)))
    throw new Error(`${basename(program)} is out of reach for user ${identity.uid}`);
  return placed;
}

/** The folder lies where others may write, so one that somebody else made is not trusted. */
async function ownFolder(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o755, recursive: true });
  const found = await lstat(folder);
  const othersWrite = (found.mode & 0o022) !== 0;
  if (!found.isDirectory() || found.uid !== process.geteuid?.() || othersWrite) {
    throw new Error('the folder for the runtime belongs to somebody else; set another one');
  }
}

async function reaches(program: string, identity: Identity | null): Promise<boolean> {
  try {
    await run('/bin/sh', ['-c', 'test -r "$0" && test -x "$0"', program], { env: {}, cwd: '/', ...identity });
    return true;
  } catch {
    return false;
  }
}
