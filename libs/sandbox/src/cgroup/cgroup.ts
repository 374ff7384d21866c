import { readFileSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isNodeError } from '../node-error.js';

export interface CgroupLimits {
  memoryBytes: number;
  /** Processes and threads together. */
  pidsMax: number;
}

export interface CgroupSample {
  cpuMs: number;
  memoryPeakBytes: number;
  /** Processes the kernel killed for memory. */
  oomKills: number;
  /** Forks the kernel refused. */
  forksRefused: number;
}

/** The folders of one run and what the kernel tells in them. */
export interface RunCgroup {
  join(pid: number): Promise<void>;
  sample(): CgroupSample;
  /** Kills whoever is inside until nobody is, and removes the folders. */
  remove(): Promise<void>;
}

/** Where runs get their folders; found once. */
export interface CgroupHost {
  version: 1 | 2;
  create(name: string, limits: CgroupLimits): Promise<RunCgroup>;
}

/** How long the kernel may take to let go of a killed run. */
const REMOVE_WAIT_MS = 5_000;
const REMOVE_POLL_MS = 5;

export async function makeFolders(folders: readonly string[]): Promise<void> {
  const made: string[] = [];
  try {
    for (const folder of folders) {
      await mkdir(folder);
      made.push(folder);
    }
  } catch (error) {
    for (const folder of made) await rmdir(folder);
    throw error;
  }
}

export async function joinFolders(folders: readonly string[], pid: number): Promise<void> {
  for (const folder of folders) await writeFile(join(folder, 'cgroup.procs'), String(pid));
}

/** Throws the last error when a folder is still in use after the wait. */
export async function removeFolders(folders: readonly string[], kill: () => void): Promise<void> {
  const deadline = performance.now() + REMOVE_WAIT_MS;
  for (const folder of folders) {
    while (!(await removed(folder, performance.now() > deadline))) {
      kill();
      await delay(REMOVE_POLL_MS);
    }
  }
}

async function removed(folder: string, last: boolean): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return true;
    if (last || !isNodeError(error, 'EBUSY')) throw error;
    return false;
  }
}

export function readNumber(folder: string, file: string): number {
  return Number(readFileSync(join(folder, file), 'utf8').trim());
}

/** The value of `key` in a file of `key value` lines; 0 where it is missing. */
export function readKey(folder: string, file: string, key: string): number {
  for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
    const [name, value] = line.split(' ');
    if (name === key) return Number(value);
  }
  return 0;
}

/** Processes in a cgroup folder; none once it is gone. */
export function pidsIn(folder: string): number[] {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch (error) {
    if (isNodeError(error, 'ENOENT', 'ENODEV')) return [];
    throw error;
  }
}
