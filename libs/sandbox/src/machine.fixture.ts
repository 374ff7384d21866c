import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SANDBOX_LANGUAGES, type SandboxLanguage } from './sandbox.port.js';

/** What this machine has, found without the code under test. */
export const SEARCH_FOLDERS = [resolve('.cache/bubblewrap')];
export const BWRAP =
  ['/usr/bin/bwrap', '/usr/local/bin/bwrap', ...SEARCH_FOLDERS.map((folder) => join(folder, 'usr/bin/bwrap'))].find(
    (path) => existsSync(path),
  ) ?? '/usr/bin/bwrap';
export const IS_ROOT = process.geteuid?.() === 0;
const OTHER_USER = IS_ROOT ? { uid: 20_001, gid: 20_001 } : {};

/** False where the kernel or a container forbids namespaces: there nothing but the refusal can be tested. */
export const CAN_ISOLATE = works(BWRAP, [
  '--unshare-all',
  '--unshare-user',
  '--ro-bind',
  '/',
  '/',
  '--proc',
  '/proc',
  '/bin/true',
]);

export const LANGUAGES_HERE: readonly SandboxLanguage[] = SANDBOX_LANGUAGES.filter(
  (language) =>
    language !== 'python' || works('/usr/bin/python3', ['-I', '-S', '-c', 'import csv, json, statistics, ctypes']),
);

function works(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', cwd: '/', env: {}, ...OTHER_USER });
    return true;
  } catch {
    return false;
  }
}
