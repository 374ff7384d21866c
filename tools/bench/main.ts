/**
 * `npm run bench -- <name> [arguments]` runs tools/bench/<name>.bench.ts, which exports
 * `run(args: string[]): Promise<Record<string, unknown>>`. What it gives is printed as the last line: one JSON object.
 */
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

type Bench = (args: string[]) => Promise<Record<string, unknown>>;

const SUFFIX = '.bench.ts';
const [name, ...args] = process.argv.slice(2);
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

if (name === undefined || !known.includes(name)) {
  process.stderr.write(`usage: npm run bench -- <name> [arguments]\nbenchmarks: ${known.join(', ') || 'none yet'}\n`);
  process.exit(2);
}
const { run } = (await import(pathToFileURL(join(import.meta.dirname, `${name}${SUFFIX}`)).href)) as { run: Bench };
const started = performance.now();
const result = await run(args);
const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
process.stdout.write(
  `${JSON.stringify({ bench: name, node: process.version, cpus: cpus().length, seconds, ...result })}\n`,
);
