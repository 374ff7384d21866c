import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { bootEveryApp } from './boot.ts';
import { runVitest } from './vitest.ts';

const root = resolve(import.meta.dirname, '..', '..');
const LINES_SHOWN = 80;

export interface Check {
  name: string;
  /** Says why on the terminal when it gives false. */
  run: () => Promise<boolean>;
}

/** Runs a tool with the pinned Node, silent unless it fails. */
function tool(path: string, ...args: string[]): Promise<boolean> {
  const child = spawn(process.execPath, [join(root, path), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  return new Promise((done) => {
    child.on('close', (code) => {
      if (code !== 0) process.stdout.write(`${output.trimEnd().split('\n').slice(-LINES_SHOWN).join('\n')}\n`);
      done(code === 0);
    });
  });
}

const TSC = 'node_modules/ts7/bin/tsc';

async function types(): Promise<boolean> {
  // The second one also covers specs, tools and end-to-end tests, which no build contains.
  return (await tool(TSC, '-b')) && (await tool(TSC, '-p', 'tsconfig.check.json'));
}

/** In the order in which a failure is cheapest to know. */
export const checks: readonly Check[] = [
  { name: 'format', run: () => tool('node_modules/oxfmt/bin/oxfmt', '--check', '.') },
  {
    name: 'lint',
    run: () =>
      tool('node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '--report-unused-disable-directives'),
  },
  { name: 'boundaries', run: () => tool('tools/check-boundaries/check-boundaries.ts') },
  { name: 'dead code', run: () => tool('node_modules/knip/bin/knip.js') },
  { name: 'types', run: types },
  { name: 'contracts', run: () => tool('tools/contracts/generate.ts', '--check') },
  { name: 'unit', run: async () => (await runVitest('unit', ['--project', 'unit'])).ok },
  { name: 'integration', run: async () => (await runVitest('integration', ['--project', 'integration'])).ok },
  { name: 'build', run: () => tool(TSC, '-b', '--force') },
  { name: 'boot', run: bootEveryApp },
];
