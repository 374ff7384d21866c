import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@signalbox/local-servers';

/** The release before this one, as its commit. Every release moves it. */
export const PREVIOUS_RELEASE = '186da159bf6d1c1ee287903362150aef27090d59';

const root = repositoryRoot();
const SOURCES = ['apps', 'libs', 'package.json', 'tsconfig.base.json'];

/** Whether the clone's history reaches back to the release; a shallow one's does not. */
export function hasPreviousRelease(): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${PREVIOUS_RELEASE}^{commit}`], { cwd: root, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Folder `apps` of the release with a built router; built once into the cache, with the packages that are installed now. */
export function previousApps(): string {
  const folder = join(root, '.cache', 'releases', PREVIOUS_RELEASE);
  if (existsSync(join(folder, 'built'))) return join(folder, 'apps');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', PREVIOUS_RELEASE, ...SOURCES], {
    cwd: root,
    maxBuffer: 256 * 1_048_576,
  });
  execFileSync('tar', ['x'], { cwd: folder, input: archive });
  linkPackages(folder);
  execFileSync(process.execPath, ['node_modules/ts7/bin/tsc', '-b', 'apps/router'], { cwd: folder });
  writeFileSync(join(folder, 'built'), '');
  return join(folder, 'apps');
}

/** Other people's packages as installed, our libraries as the release had them. */
function linkPackages(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@signalbox'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@signalbox' && !name.startsWith('.'))
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const library of readdirSync(join(folder, 'libs')))
    symlinkSync(join(folder, 'libs', library), join(modules, '@signalbox', library));
}
