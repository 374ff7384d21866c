import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isSeccompArch, seccompFilter } from '../seccomp/filter.js';
import { placeWithinReach } from './reach.js';
import { type BubblewrapOptions, DEFAULT_SEARCH_PATH, DEFAULT_UID, type Identity } from './options.js';

const run = promisify(execFile);
const ASK_TIMEOUT_MS = 10_000;
/** --disable-userns came with 0.8. */
const BWRAP_MINOR_MIN = 8;

export interface PythonRuntime {
  executable: string;
  /** Mounted read-only at the same path; empty where /usr has it. */
  mounts: string[];
}

/** The programs a sandbox needs, each within reach of its user. */
export interface Toolchain {
  bwrap: string;
  /** Whom the sandbox runs as; null is ourselves. */
  identity: Identity | null;
  node: string;
  python: PythonRuntime | null;
  /** The filter for this machine's architecture, as bwrap loads it. */
  seccomp: Buffer;
  /** What is missing and can be done without. */
  notes: string[];
}

/** Throws an Error that says in a sentence what is missing. */
export async function findToolchain(options: BubblewrapOptions): Promise<Toolchain> {
  if (process.platform !== 'linux') throw new Error(`bubblewrap needs Linux, this is ${process.platform}`);
  if (!isSeccompArch(process.arch)) throw new Error(`there is no system call filter for ${process.arch}`);
  const isRoot = process.geteuid?.() === 0;
  const uid = options.uid ?? DEFAULT_UID;
  const identity = isRoot ? { uid, gid: options.gid ?? uid } : null;
  if (identity && (identity.uid === 0 || identity.gid === 0)) throw new Error('a sandbox must not run as root');
  const folder = options.runtimeFolder ?? join(tmpdir(), `signalbox-runtime-${process.geteuid?.() ?? 0}`);
  const bwrap = await placeWithinReach(await findBwrap(options), folder, identity);
  await checkVersion(bwrap, identity);
  const node = await placeWithinReach(await realpath(options.nodePath ?? process.execPath), folder, identity);
  const { python, why } = await findPython(options, identity);
  return { bwrap, identity, node, python, seccomp: seccompFilter(process.arch), notes: python ? [] : [why] };
}

async function findBwrap(options: BubblewrapOptions): Promise<string> {
  const onPath = (options.searchPath ?? DEFAULT_SEARCH_PATH).split(':').map((folder) => join(folder, 'bwrap'));
  const unpacked = (options.searchFolders ?? []).flatMap((folder) =>
    ['bwrap', 'bin/bwrap', 'usr/bin/bwrap'].map((name) => join(folder, name)),
  );
  const candidates = options.bwrapPath === undefined ? [...onPath, '/usr/bin/bwrap', ...unpacked] : [options.bwrapPath];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error('bubblewrap (bwrap) was not found; install the package bubblewrap');
  return realpath(found);
}

async function checkVersion(bwrap: string, identity: Identity | null): Promise<void> {
  const { stdout } = await ask(bwrap, ['--version'], identity);
  const [, major, minor] = /^bubblewrap (\d+)\.(\d+)/.exec(stdout) ?? [];
  if (major === undefined || (Number(major) === 0 && Number(minor) < BWRAP_MINOR_MIN)) {
    throw new Error(
      `bubblewrap 0.${BWRAP_MINOR_MIN} or newer is needed, found ${stdout.trim().slice(0, 40) || 'an unknown version'}`,
    );
  }
}

const PYTHON_QUESTION = 'import csv, json, statistics, sys; print(json.dumps([sys.executable, sys.base_prefix]))';

async function findPython(
  options: BubblewrapOptions,
  identity: Identity | null,
): Promise<{ python: PythonRuntime | null; why: string }> {
  const searched = (options.searchPath ?? DEFAULT_SEARCH_PATH).split(':').map((folder) => join(folder, 'python3'));
  const candidates = options.pythonPath === undefined ? ['/usr/bin/python3', ...searched] : [options.pythonPath];
  let why = 'python: python3 was not found';
  for (const candidate of candidates.filter((path) => existsSync(path))) {
    try {
      const { stdout } = await ask(candidate, ['-I', '-S', '-c', PYTHON_QUESTION], identity);
      const [executable = '', prefix = ''] = JSON.parse(stdout) as string[];
      return { python: await describePython(executable, prefix), why: '' };
    } catch {
      why = 'python: the interpreter does not run for the user of the sandbox, or lacks its standard library';
    }
  }
  return { python: null, why };
}

async function describePython(executable: string, prefix: string): Promise<PythonRuntime> {
  const real = await realpath(executable);
  const within = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);
  const mounts: string[] = [];
  if (prefix !== '/usr' && !within(prefix, '/usr')) mounts.push(prefix);
  if (!within(real, '/usr') && !within(real, prefix)) mounts.push(real);
  return { executable: real, mounts };
}

function ask(program: string, args: string[], identity: Identity | null): Promise<{ stdout: string }> {
  return run(program, args, { env: {}, cwd: '/', timeout: ASK_TIMEOUT_MS, killSignal: 'SIGKILL', ...identity });
}
