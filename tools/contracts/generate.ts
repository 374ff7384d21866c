/**
 * Writes the reference docs of the bus from the contracts as built (`tsc -b` first): docs/reference/asyncapi.yaml,
 * errors.md, subjects.md, streams.md. `--check` writes nothing and exits 1 when one of them is not as it would be.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { asyncApiDocument } from './asyncapi.ts';
import { errorsPage, streamsPage, subjectsPage } from './reference-pages.ts';

const root = resolve(import.meta.dirname, '..', '..');
const folder = join(root, 'docs', 'reference');
const { version } = JSON.parse(readFileSync(join(root, 'libs', 'contracts', 'package.json'), 'utf8')) as {
  version: string;
};

const documents: Record<string, string> = {
  'asyncapi.yaml': asyncApiDocument(version),
  'errors.md': errorsPage(),
  'subjects.md': subjectsPage(),
  'streams.md': streamsPage(),
};
const stale = Object.entries(documents).filter(([name, text]) => {
  const file = join(folder, name);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
});

if (process.argv.includes('--check')) {
  for (const [name] of stale) process.stdout.write(`docs/reference/${name} is not what the contracts say\n`);
  if (stale.length > 0) process.stdout.write('Run: node tools/contracts/generate.ts\n');
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of stale) writeFileSync(join(folder, name), text);
  process.stdout.write(`${stale.length} of ${Object.keys(documents).length} documents written to docs/reference\n`);
}
