import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, childEnvironment, freePort, startChild } from '@signalbox/local-servers';
import { installPeer } from './install.ts';
import { Peer, untilAnswers } from './peer.ts';

const POST_JSON = { method: 'POST', headers: { 'content-type': 'application/json' } };

/** Its own defaults; here only ports, telemetry and, where wanted, the fsync of all its write-ahead logs. */
function config(ports: { node: number; ingress: number; admin: number }, fsync: boolean): string {
  const relaxed = fsync ? '' : 'rocksdb-disable-wal-fsync = true';
  return [
    'disable-telemetry = true',
    'log-filter = "error"',
    'bind-ip = "127.0.0.1"',
    `bind-port = ${ports.node}`,
    'listen-mode = "tcp"',
    '[ingress]',
    `bind-port = ${ports.ingress}`,
    '[admin]',
    `bind-port = ${ports.admin}`,
    'disable-web-ui = true',
    '[bifrost.local]',
    relaxed,
    '[log-server]',
    relaxed,
  ].join('\n');
}

const SERVICES = ['steps', 'adder'] as const;

/** One restate-server and two service processes, talking HTTP/2 over loopback; runs come in through its HTTP ingress. */
export async function startRestate({ fsync }: { fsync: boolean }): Promise<Peer> {
  const installed = installPeer('restate');
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-restate-'));
  const [node, ingress, admin] = [await freePort(), await freePort(), await freePort()];
  const configFile = join(folder, 'restate.toml');
  writeFileSync(configFile, config({ node, ingress, admin }, fsync));
  const binary = join(
    installed,
    'node_modules',
    '@restatedev',
    `restate-server-${process.platform}-${process.arch}`,
    'bin',
    'restate-server',
  );
  const server = await startChild({
    name: 'restate-server',
    command: binary,
    args: ['--no-logo', '--config-file', configFile, '--base-dir', join(folder, 'data')],
    env: { ...childEnvironment(), TMPDIR: folder },
    cwd: folder,
  });
  const adminUrl = `http://127.0.0.1:${admin}`;
  await untilAnswers(server, `${adminUrl}/health`);
  const services: Child[] = [];
  for (const service of SERVICES) services.push(await startService(service, join(installed, 'service.mjs'), adminUrl));
  const urlOf = (handler: string): string => `http://127.0.0.1:${ingress}/steps/${handler}`;
  for (const handler of ['run', 'calls']) await untilAnswers(server, urlOf(handler), { ...POST_JSON, body: '1' });
  const name = `restate ${fsync ? 'fsync' : 'relaxed'}`;
  return Peer.start({
    durability: fsync
      ? 'defaults: fsync of the write-ahead log, one node'
      : 'fsync of its write-ahead logs switched off: in the page cache when acknowledged, one node',
    works: [
      { name, work: '10 × ctx.run in one service process, HTTP ingress', url: urlOf('run') },
      {
        name: `${name} calls`,
        work: '10 calls of a service in another process, each an invocation of its own, HTTP ingress',
        url: urlOf('calls'),
      },
    ],
    children: [server, ...services],
    folder,
  });
}

/** Starts a process with this service in it and makes it known to the server. */
async function startService(service: (typeof SERVICES)[number], module: string, adminUrl: string): Promise<Child> {
  const port = await freePort();
  const child = await startChild({
    name: `restate ${service}`,
    command: process.execPath,
    args: [module, String(port), service],
    env: { ...childEnvironment(), NODE_ENV: 'production' },
  });
  const deployment = JSON.stringify({ uri: `http://127.0.0.1:${port}` });
  await untilAnswers(child, `${adminUrl}/deployments`, { ...POST_JSON, body: deployment });
  return child;
}
