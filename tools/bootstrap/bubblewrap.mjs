import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { debianSystem, unpackDebianPackage } from './debian-package.mjs';
import { BootstrapError, run } from './run.mjs';

/**
 * Finds bubblewrap on PATH or in the cache, else unpacks the package of the machine's own suite into the cache.
 * Returns `{ path, from }`, or `{ missing: reason }`: without it the tool runner refuses sandboxed tools, and says so.
 */
export function ensureBubblewrap(cacheDir) {
  if (process.platform !== 'linux') return { missing: 'bubblewrap exists on Linux only' };
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, 'bwrap'))
    .find(works);
  if (onPath) return { path: onPath, from: 'PATH' };
  const cached = join(ownFolder(cacheDir), 'bwrap');
  if (works(cached)) return { path: cached, from: 'cache' };
  const system = debianSystem();
  if (!system) return { missing: 'install bubblewrap to run sandboxed tools' };
  try {
    return unpack(cacheDir, cached, system.codename);
  } catch (error) {
    return { missing: `${error.message}; install bubblewrap to run sandboxed tools` };
  }
}

/** As root the sandbox drops to another user, who cannot look into a clone below a private folder such as /root. */
function ownFolder(cacheDir) {
  if (process.getuid?.() !== 0) return join(cacheDir, 'bubblewrap');
  const folder = `/var/tmp/signalbox-bubblewrap-${createHash('sha256').update(cacheDir).digest('hex').slice(0, 12)}`;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (statSync(folder).uid !== 0) throw new BootstrapError(`${folder} belongs to another user`, 'Remove it.');
  return folder;
}

function works(path) {
  return existsSync(path) && run(path, ['--version'], { timeout: 5_000 }).ok;
}

function unpack(cacheDir, target, suite) {
  const folder = join(cacheDir, 'bubblewrap', `.unpack-${process.pid}`);
  try {
    unpackDebianPackage({ name: 'bubblewrap', suite, into: folder, workDir: join(cacheDir, 'apt') });
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(folder, 'usr', 'bin', 'bwrap'), target);
    chmodSync(target, 0o755);
    if (!works(target)) throw new Error("the package's bwrap does not run here");
    return { path: target, from: `Debian ${suite}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
