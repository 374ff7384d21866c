import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNodeError } from '../node-error.js';
import { type CgroupHost, pidsIn } from './cgroup.js';
import { CgroupV1Host } from './cgroup-v1.js';
import { CgroupV2Host } from './cgroup-v2.js';

/** Run folders carry the pid of their owner, so that those of a dead one can be swept. */
const FOLDER_PREFIX = 'signalbox-run-';
const NEEDED_V2 = ['memory', 'pids', 'cpu'];
const LEAF = 'signalbox-runner';

export const runFolderName = (sequence: number): string => `${FOLDER_PREFIX}${process.pid}-${sequence}`;

interface Hierarchy {
  mountPoint: string;
  /** Empty for version 2. */
  controllers: string[];
}

/**
 * The control groups this process may make folders in: below its own group, so that whatever limits the process limits its runs too.
 * Null when there is none; the reason is in `why`.
 */
export async function findCgroup(): Promise<{ host: CgroupHost | null; why: string }> {
  try {
    const hierarchies = readHierarchies();
    return (
      (await findV1(hierarchies)) ??
      (await findV2(hierarchies)) ?? { host: null, why: 'no control group holds memory and pids' }
    );
  } catch (error) {
    return {
      host: null,
      why: `control groups are not writable: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

async function findV1(hierarchies: readonly Hierarchy[]): Promise<{ host: CgroupHost; why: string } | null> {
  const parentOf = (controller: string): string | null => {
    const found = hierarchies.find(({ controllers }) => controllers.includes(controller));
    return found ? ownFolder(found) : null;
  };
  const memory = parentOf('memory');
  const pids = parentOf('pids');
  const cpuacct = parentOf('cpuacct');
  if (memory === null || pids === null || cpuacct === null) return null;
  for (const parent of new Set([memory, pids, cpuacct])) {
    await sweep(parent);
    await tryFolder(parent);
  }
  return { host: new CgroupV1Host({ memory, pids, cpuacct }), why: '' };
}

async function findV2(hierarchies: readonly Hierarchy[]): Promise<{ host: CgroupHost | null; why: string } | null> {
  const unified = hierarchies.find(({ controllers }) => controllers.length === 0);
  if (!unified) return null;
  const parent = ownFolder(unified);
  const offered = words(join(parent, 'cgroup.controllers'));
  const missing = NEEDED_V2.filter((name) => !offered.includes(name));
  if (missing.length > 0) return { host: null, why: `the control group does not offer ${missing.join(', ')}` };
  await handDown(parent);
  await sweep(parent);
  await tryFolder(parent);
  return { host: new CgroupV2Host(parent), why: '' };
}

/** A group of version 2 that hands controllers down may hold no process itself, so a lone runner moves into a leaf. */
async function handDown(parent: string): Promise<void> {
  const control = join(parent, 'cgroup.subtree_control');
  const enable = (): Promise<void> => writeFile(control, NEEDED_V2.map((name) => `+${name}`).join(' '));
  if (NEEDED_V2.every((name) => words(control).includes(name))) return;
  try {
    await enable();
  } catch (error) {
    const others = pidsIn(parent).filter((pid) => pid !== process.pid);
    if (!isNodeError(error, 'EBUSY') || others.length > 0) throw error;
    await mkdir(join(parent, LEAF), { recursive: true });
    await writeFile(join(parent, LEAF, 'cgroup.procs'), String(process.pid));
    await enable();
  }
}

async function tryFolder(parent: string): Promise<void> {
  const folder = join(parent, `${FOLDER_PREFIX}${process.pid}-probe`);
  await mkdir(folder);
  await rmdir(folder);
}

/** Removes what a killed runner left; its processes died with it. */
async function sweep(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    const owner = name.startsWith(FOLDER_PREFIX) ? Number(name.slice(FOLDER_PREFIX.length).split('-')[0]) : NaN;
    if (Number.isNaN(owner) || existsSync(`/proc/${owner}`)) continue;
    await rmdir(join(parent, name)).catch(() => undefined);
  }
}

/** The group of this process as the mount shows it; the root of the mount where a container hides the path. */
function ownFolder({ mountPoint, controllers }: Hierarchy): string {
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').split('\n')) {
    const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names === undefined || path === undefined) continue;
    const same = controllers.length === 0 ? names === '' : names.split(',').some((name) => controllers.includes(name));
    if (!same) continue;
    const own = join(mountPoint, path);
    return existsSync(own) ? own : mountPoint;
  }
  return mountPoint;
}

function readHierarchies(): Hierarchy[] {
  const known = ['memory', 'pids', 'cpuacct'];
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [mount = '', filesystem = ''] = line.split(' - ');
      const [type, , options = ''] = filesystem.split(' ');
      const mountPoint = mount.split(' ')[4];
      if (mountPoint === undefined) return [];
      if (type === 'cgroup2') return [{ mountPoint, controllers: [] }];
      const controllers = options.split(',').filter((option) => known.includes(option));
      return type === 'cgroup' && controllers.length > 0 ? [{ mountPoint, controllers }] : [];
    });
}

function words(file: string): string[] {
  return readFileSync(file, 'utf8').trim().split(/\s+/);
}
