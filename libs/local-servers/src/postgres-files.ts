import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readMachine } from './config.js';
import { LocalServerError } from './local-server.error.js';

/** Root may not run Postgres; "nobody" exists everywhere, and Postgres needs a user that the system knows. */
const NOBODY = { uid: 65_534, gid: 65_534 };
const UNREACHABLE_PARENT = '/var/tmp';

export interface PostgresFiles {
  bin: string;
  data: string;
  account: { uid: number; gid: number } | undefined;
}

/**
 * Decides where binaries and data lie and under which user Postgres runs. Ordinary users keep both where they are.
 * As root the server runs as nobody, which cannot look into a clone below a private folder such as /root: then the
 * binaries are copied and the data kept under /var/tmp, in folders named after the clone.
 */
export function postgresFiles(folder: string): PostgresFiles {
  const bin = readMachine().postgresBin;
  if (bin === null) {
    throw new LocalServerError(
      'there is no Postgres for this platform',
      'Set SIGNALBOX_PG_URL to a Postgres of yours.',
    );
  }
  mkdirSync(folder, { recursive: true });
  if (process.getuid?.() !== 0) return { bin, data: join(folder, 'data'), account: undefined };
  const parent = reachable(folder) ? join(folder, 'cluster') : privateFolder(folder);
  ownedFolder(parent, NOBODY.uid);
  return { bin: reachable(bin) ? bin : copiedBinaries(bin), data: join(parent, 'data'), account: NOBODY };
}

/** True when every other user may pass through all the folders above, and read the last one's files. */
function reachable(path: string): boolean {
  const OTHERS_PASS = 0o001;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & OTHERS_PASS) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function privateFolder(path: string): string {
  return join(UNREACHABLE_PARENT, `signalbox-${hash(path)}`);
}

function hash(path: string): string {
  return createHash('sha256').update(resolve(path)).digest('hex').slice(0, 12);
}

/** Makes the folder 0700 for that user; refuses one that somebody else has made. */
function ownedFolder(path: string, uid: number): void {
  if (!existsSync(path)) {
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, uid, uid);
    return;
  }
  if (statSync(path).uid !== uid) {
    throw new LocalServerError(`${path} belongs to another user`, 'Remove it, or choose another state folder.');
  }
}

function copiedBinaries(bin: string): string {
  const source = dirname(bin);
  const target = join(UNREACHABLE_PARENT, `signalbox-postgres-${hash(source)}`);
  const stamp = String(Math.trunc(statSync(join(bin, 'postgres')).mtimeMs));
  const copy = join(target, stamp);
  if (existsSync(target) && statSync(target).uid !== 0) {
    throw new LocalServerError(`${target} belongs to another user`, 'Remove it and start again.');
  }
  if (!existsSync(copy)) {
    const fresh = `${copy}.new-${process.pid}`;
    mkdirSync(target, { recursive: true, mode: 0o755 });
    cpSync(source, fresh, { recursive: true, verbatimSymlinks: true });
    rmSync(copy, { recursive: true, force: true });
    renameSync(fresh, copy);
  }
  return join(copy, 'bin');
}
