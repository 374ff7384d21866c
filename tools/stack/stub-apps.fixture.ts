import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES, type ServiceName } from './services.ts';

/** A service that is ready after a moment, tells its environment, and crashes or stays when its environment says so. */
const SERVICE = `
import { createServer } from 'node:http';
const env = process.env;
console.log('stub with', process.execArgv.join(' '));
if (env.STUB_CRASH) { console.error('stub: the reason why'); process.exit(3); }
const ready = Date.now() + 50;
createServer((request, response) => {
  if (request.url === '/environment') return response.end(JSON.stringify(env));
  response.writeHead(Date.now() > ready ? 200 : 503).end();
}).listen(Number(env.SIGNALBOX_HEALTH_PORT), '127.0.0.1');
process.on('SIGTERM', () => env.STUB_STUBBORN || process.exit(0));
`;

const PROVISIONER = `
import { writeFileSync } from 'node:fs';
const [verb, ...args] = process.argv.slice(2);
const value = (name) => args[args.indexOf(name) + 1];
if (verb === 'render') writeFileSync(value('--out') + '/nats.conf', 'max_payload: 77777');
if (verb === 'provision' && value('--tenants') === 'forbidden') {
  console.error('the bypass self-test got through');
  process.exit(1);
}
`;

/** Writes stand-ins for all apps below the folder, in the layout of built ones. */
export function writeStubApps(folder: string, names: readonly ServiceName[] = SERVICES): void {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const name of [...names, 'provisioner']) {
    mkdirSync(join(folder, name, 'dist'), { recursive: true });
    writeFileSync(join(folder, name, 'dist', 'main.js'), name === 'provisioner' ? PROVISIONER : SERVICE);
  }
}
