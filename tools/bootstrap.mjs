/**
 * Sets this clone up: packages and the pinned Node, Postgres, nats-server, bubblewrap, the build. Runs before every
 * npm script that needs them, on any Node ≥ 18, and imports nothing from a package. All it makes lies in
 * node_modules, .cache and the dist folders.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBubblewrap } from './bootstrap/bubblewrap.mjs';
import { withLock } from './bootstrap/lock.mjs';
import { ensureNatsServer } from './bootstrap/nats-server.mjs';
import { ensurePackages } from './bootstrap/packages.mjs';
import { findPostgres } from './bootstrap/postgres.mjs';
import { Progress } from './bootstrap/progress.mjs';
import { BootstrapError, run, tail } from './bootstrap/run.mjs';

const NODE_MAJOR_MIN = 18;
/** Steps faster than this say nothing: a second start should print little. */
const QUIET_MS = 1_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const cacheDir = join(root, '.cache');

async function bootstrap(progress) {
  const say = (text) => progress.line(text);
  const { node, installed } = await ensurePackages(root, progress);
  const postgresBin = findPostgres(root, node);
  const natsServer = await progress.step('nats-server', () => ensureNatsServer(cacheDir, say), {
    quietMs: installed ? 0 : QUIET_MS,
    detail: ({ version, from }) => `${version} (${from})`,
  });
  const bubblewrap = await progress.step('bubblewrap', () => ensureBubblewrap(cacheDir), { quietMs: QUIET_MS });
  if (bubblewrap.missing) say(`! no sandbox: ${bubblewrap.missing}`);
  if (run('python3', ['--version']).missing) say('! no python3: tools written in Python will be refused');
  writeMachine({ node, natsServer, bubblewrap: bubblewrap.missing ? null : bubblewrap, postgresBin });
  await progress.step('build', () => build(node), { quietMs: installed ? 0 : QUIET_MS });
  if (installed) say(`  set up in ${progress.total()}`);
}

function writeMachine(machine) {
  const file = join(cacheDir, 'machine.json');
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(machine, null, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

/** The compiler itself knows what changed; with nothing to do it takes a fraction of a second. */
function build(node) {
  const result = run(node, [join('node_modules', 'ts7', 'bin', 'tsc'), '-b'], { cwd: root });
  if (!result.ok)
    throw new BootstrapError(`the build failed:\n${tail(result.output, 30)}`, 'Mend the sources named above.');
}

const progress = new Progress();
try {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    throw new BootstrapError(`Node ${process.versions.node} is too old`, `Install Node ${NODE_MAJOR_MIN} or newer.`);
  }
  mkdirSync(cacheDir, { recursive: true });
  await withLock(
    cacheDir,
    (text) => progress.line(text),
    () => bootstrap(progress),
  );
} catch (error) {
  process.stderr.write(`✘ ${error instanceof BootstrapError ? `${error.message}\n  ${error.advice}` : error.stack}\n`);
  process.exitCode = 1;
}
