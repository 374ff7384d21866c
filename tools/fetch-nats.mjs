/**
 * Fetches another nats-server for tests: `node tools/fetch-nats.mjs --suite trixie|sid`.
 * The last line printed is the path of the binary, to be given as SIGNALBOX_NATS_SERVER.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchFromDebian } from './bootstrap/nats-server.mjs';

const suite = process.argv[process.argv.indexOf('--suite') + 1];
if (!process.argv.includes('--suite') || !suite) {
  process.stderr.write('usage: node tools/fetch-nats.mjs --suite trixie|sid\n');
  process.exit(2);
}
try {
  const cacheDir = join(fileURLToPath(new URL('..', import.meta.url)), '.cache');
  const { path, version } = fetchFromDebian(cacheDir, suite);
  process.stderr.write(`nats-server ${version}\n`);
  process.stdout.write(`${path}\n`);
} catch (error) {
  process.stderr.write(`${error.message}\n${error.advice ?? ''}\n`);
  process.exit(1);
}
