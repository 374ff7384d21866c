/**
 * Checks two things that together keep the house in order, and exits 1 when either is broken:
 * the project graph of Nx against the tags in each `package.json` (undeclared imports show there, because Nx reads
 * the sources), and single imports against `.dependency-cruiser.cjs`.
 * Usage: node tools/check-boundaries/check-boundaries.ts [folder]   (default: this clone)
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { tagViolations, type ProjectGraph } from './tag-violations.ts';

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..', '..'));
const FOLDERS = ['apps', 'libs', 'tools', 'e2e'];

function projectGraph(): ProjectGraph {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-graph-'));
  const file = join(folder, 'graph.json');
  try {
    const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
    execFileSync(process.execPath, [nx, 'graph', `--file=${file}`], {
      cwd: root,
      env: { ...process.env, NX_DAEMON: 'false', NX_WORKSPACE_DATA_DIRECTORY: join(folder, 'data') },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return JSON.parse(readFileSync(file, 'utf8')).graph;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function importViolations(): boolean {
  const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
  const folders = FOLDERS.filter((folder) => existsSync(join(root, folder)));
  const result = spawnSync(process.execPath, [cruiser, '--config', '.dependency-cruiser.cjs', ...folders], {
    cwd: root,
    stdio: 'inherit',
  });
  return result.status !== 0;
}

const { tags } = JSON.parse(readFileSync(join(root, 'tools', 'boundaries.json'), 'utf8'));
const found = tagViolations(projectGraph(), tags);
for (const violation of found) process.stdout.write(`✘ ${violation}\n`);
const broken = importViolations();
process.exitCode = broken || found.length > 0 ? 1 : 0;
