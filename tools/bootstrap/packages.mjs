import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError, run, tail } from './run.mjs';

const NODE_MAJOR = '24';
const NPM_ARGS = [
  'install',
  '--ignore-scripts',
  '--include=dev',
  '--no-audit',
  '--no-fund',
  '--engine-strict=false',
  '--loglevel=error',
];
const PLATFORM = { linux: 'linux', darwin: 'bin-darwin', win32: 'win' }[process.platform] ?? process.platform;
const NODE_PACKAGE = `node-${PLATFORM}-${process.arch}`;

/**
 * Installs the locked packages when they, or anything else that decides them, changed since the last time. Returns
 * `{ node, installed }`: the path of the Node to run everything with, and whether npm had something to do.
 */
export async function ensurePackages(root, progress) {
  const stampFile = join(root, 'node_modules', '.bootstrap-stamp');
  const stamped = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint(root);
  if (stamped && nodeAnswers(root)) return { node: nodePath(root), installed: false };
  if (stamped) forgetBrokenNode(root);
  rmSync(stampFile, { force: true });
  await progress.step('packages from the lock file', () => npmInstall(root));
  if (!nodeAnswers(root)) {
    throw new BootstrapError(
      `no Node ${NODE_MAJOR} for ${process.platform} on ${process.arch} came with the packages`,
      `Install Node ${NODE_MAJOR} and run the command with it, or remove node_modules and try again.`,
    );
  }
  // Taken anew: npm rewrites a lock file that the manifests have left behind.
  writeFileSync(`${stampFile}.new`, fingerprint(root));
  renameSync(`${stampFile}.new`, stampFile);
  return { node: nodePath(root), installed: true };
}

function manifests(root) {
  const workspaces = ['apps', 'libs'].flatMap((group) =>
    readdirSync(join(root, group))
      .map((name) => join(group, name, 'package.json'))
      .filter((file) => existsSync(join(root, file))),
  );
  return ['package-lock.json', 'package.json', ...workspaces.sort((a, b) => a.localeCompare(b, 'en'))];
}

function fingerprint(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${pinnedVersion(root)}`);
  for (const file of manifests(root)) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function pinnedVersion(root) {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return optionalDependencies?.[NODE_PACKAGE] ?? null;
}

/** The pinned Node; where no package has one for this platform, the Node that runs us, if it is new enough. */
function nodePath(root) {
  if (pinnedVersion(root) === null) return process.execPath;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  return join(root, 'node_modules', NODE_PACKAGE, 'bin', binary);
}

function nodeAnswers(root) {
  const path = nodePath(root);
  if (!existsSync(path)) return false;
  const version = run(path, ['-v'], { timeout: 10_000 }).output;
  const pinned = pinnedVersion(root);
  return pinned === null ? version.startsWith(`v${NODE_MAJOR}.`) : version === `v${pinned}`;
}

/** npm trusts its own record of what it installed and would not repair a truncated binary. */
function forgetBrokenNode(root) {
  rmSync(join(root, 'node_modules', NODE_PACKAGE), { recursive: true, force: true });
  rmSync(join(root, 'node_modules', '.package-lock.json'), { force: true });
}

async function npmInstall(root) {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  const [command, args] = npm && node ? [node, [npm, ...NPM_ARGS]] : ['npm', NPM_ARGS];
  const { code, output } = await new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ code: 1, output: String(error.message) }));
    child.on('close', (code) => resolve({ code, output }));
  });
  if (code === 0) return;
  const advice = /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(output)
    ? 'The npm registry is needed once. Check the network or the registry that npm is configured for.'
    : 'Try again after removing the folder node_modules.';
  throw new BootstrapError(`npm install failed:\n${tail(output.trim())}`, advice);
}
