/**
 * Runs a TypeScript tool with the Node that the bootstrap chose: `node tools/run.mjs tools/start.ts [arguments]`.
 * Inside npm scripts that Node comes first on PATH already; should another one be in front, the tool still gets it.
 */
import { spawn } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const { node } = JSON.parse(readFileSync(fileURLToPath(new URL('../.cache/machine.json', import.meta.url)), 'utf8'));
const [script, ...args] = process.argv.slice(2);

if (realpathSync(process.execPath) === realpathSync(node)) {
  process.argv.splice(1, 2, resolve(script));
  await import(pathToFileURL(resolve(script)).href);
} else {
  const child = spawn(node, [script, ...args], { stdio: 'inherit' });
  // The child is in our process group and gets a terminal's Ctrl-C itself; what is sent to us alone is passed on.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}
