import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import type { CheckedRequest } from '../request-check.js';
import type { OpenFile } from './open-files.js';
import type { Toolchain } from './toolchain.js';

/** Descriptors of the launching shell, which bwrap inherits. */
export const FD_GATE_AND_ARGS = 3;
export const FD_SECCOMP = 4;
export const FD_CODE = 5;
export const FD_STATUS = 6;
export const FD_FIRST_FILE = 7;

/** Nobody in particular: the sandbox has no user database. */
const INNER_UID = '1000';
/** Shared memory for languages that want it, a part of what may be written in all. */
const SHM_BYTES_MAX = 1_048_576;
const SHM_SHARE = 4;
const PAGE_BYTES = 4_096;
/** Share of the memory limit for V8's old space: it must collect garbage before the kernel looks at the limit. */
const OLD_SPACE_SHARE = 0.6;
const OLD_SPACE_MIB_MIN = 16;

const ENVIRONMENT = { PATH: '/usr/bin:/bin', HOME: '/tmp', TMPDIR: '/tmp', LANG: 'C.UTF-8' };
/** The names the code may see, `PWD` being the launching shell's. */
export const ENVIRONMENT_NAMES: readonly string[] = [...Object.keys(ENVIRONMENT), 'PWD'];

/**
 * Options of bwrap (bwrap(1)). They are handed over by descriptor: what stands in the argument vector
 * can be read from inside at /proc/1/cmdline.
 */
export function bwrapOptions(request: CheckedRequest, files: readonly OpenFile[], tools: Toolchain): string[] {
  const rows: string[][] = [
    ['--unshare-all', '--unshare-user', '--disable-userns', '--uid', INNER_UID, '--gid', INNER_UID],
    ['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--hostname', 'sandbox'],
    systemMounts(),
    ['--ro-bind', tools.node, '/runtime/node'],
    ...(tools.python?.mounts ?? []).map((path) => ['--ro-bind', path, path]),
    ['--proc', '/proc', '--dev', '/dev'],
    writable(request.limits.tmpBytesMax),
    ['--dir', '/data'],
    copied(FD_CODE, codePath(request)),
    ...files.map(({ name }, index) => copied(FD_FIRST_FILE + index, `/data/${name}`)),
    ['--remount-ro', '/proc', '--remount-ro', '/dev', '--remount-ro', '/'],
    ['--chdir', '/tmp', '--clearenv'],
    ...Object.entries(ENVIRONMENT).map(([name, value]) => ['--setenv', name, value]),
    ['--seccomp', String(FD_SECCOMP), '--json-status-fd', String(FD_STATUS)],
  ];
  return rows.flat();
}

function copied(fd: number, path: string): string[] {
  return ['--perms', '0444', '--ro-bind-data', String(fd), path];
}

/** dash has -p for processes, bash -u. */
const LIMIT_TASKS = 'ulimit -p "$0" 2>/dev/null || ulimit -u "$0" || exit 126; exec "$@"';

/** What runs inside. The limit of processes is set there, where the kernel counts those of this run alone. */
export function innerCommand(request: CheckedRequest, tools: Toolchain, tasksMax: number | 'unlimited'): string[] {
  const command = runtimeCommand(request, tools);
  return tasksMax === 'unlimited' ? command : ['/bin/sh', '-c', LIMIT_TASKS, String(tasksMax), ...command];
}

function runtimeCommand(request: CheckedRequest, tools: Toolchain): string[] {
  if (request.language === 'python') {
    return [tools.python?.executable ?? 'python3', '-I', '-S', '-B', '-X', 'utf8', codePath(request)];
  }
  const oldSpaceMib = Math.max(
    OLD_SPACE_MIB_MIN,
    Math.floor((request.limits.memoryBytes / 1_048_576) * OLD_SPACE_SHARE),
  );
  return [
    '/runtime/node',
    `--max-old-space-size=${oldSpaceMib}`,
    '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
    codePath(request),
  ];
}

function codePath({ language }: CheckedRequest): string {
  return language === 'python' ? '/code/main.py' : '/code/main.js';
}

/** /usr and what leads to it: where the distribution has merged them, the old names are symlinks. */
function systemMounts(): string[] {
  const old = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].filter((path) => existsSync(path));
  const rows = old.map((path) =>
    lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path],
  );
  return [['--ro-bind', '/usr', '/usr'], ...rows, ['--ro-bind-try', '/etc/ld.so.cache', '/etc/ld.so.cache']].flat();
}

/** `/tmp` and `/dev/shm` together hold `bytesMax`; a size bwrap would round away is no folder to write in. */
function writable(bytesMax: number): string[] {
  const shm = Math.min(SHM_BYTES_MAX, Math.floor(bytesMax / SHM_SHARE));
  const sized = (bytes: number, path: string): string[] =>
    bytes < PAGE_BYTES ? ['--dir', path] : ['--perms', '1777', '--size', String(bytes), '--tmpfs', path];
  return [...sized(bytesMax - shm, '/tmp'), ...(shm < PAGE_BYTES ? [] : sized(shm, '/dev/shm'))];
}
