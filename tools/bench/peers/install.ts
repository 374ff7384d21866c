import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { repositoryRoot } from '@signalbox/local-servers';

const INSTALL_TIMEOUT_MS = 300_000;

/**
 * Installs a peer's locked packages beside a copy of its program, in a folder of its own below .cache: it never comes
 * near what the product installs. Gives the folder. Nothing happens when that was done before.
 */
export function installPeer(name: 'restate' | 'dbos' | 'redaction'): string {
  return installLocked(join(import.meta.dirname, name), join(repositoryRoot(), '.cache', 'bench', name));
}

/** Whether it is there already, as its lock has it. */
export function isInstalled(name: string): boolean {
  const mark = join(repositoryRoot(), '.cache', 'bench', name, 'installed');
  return existsSync(mark) && readFileSync(mark, 'utf8') === lockOf(join(import.meta.dirname, name));
}

/** The same for any folder with a package.json and its lock. */
export function installLocked(source: string, target: string): string {
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(source)) copyFileSync(join(source, file), join(target, file));
  const lock = lockOf(source);
  const mark = join(target, 'installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return target;
  process.stdout.write(`installing ${basename(source)} into ${target}\n`);
  execFileSync('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: target,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: INSTALL_TIMEOUT_MS,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
  });
  writeFileSync(mark, lock);
  return target;
}

const lockOf = (folder: string): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
