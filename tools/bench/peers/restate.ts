import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment, freePort, startChild } from '@signalbox/local-servers';
import { installPeer } from './install.ts';
import { Peer, untilAnswers } from './peer.ts';

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

/** One restate-server and one service process, talking HTTP/2 over loopback; runs come in through its HTTP ingress. */
export async function startRestate({ fsync }: { fsync: boolean }): Promise<Peer> {
  const installed = installPeer('restate');
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-restate-'));
  const [servicePort, node, ingress, admin] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const configFile = join(folder, 'restate.toml');
  writeFileSync(configFile, config({ node, ingress, admin }, fsync));
  const service = await startChild({
    name: 'restate service',
    command: process.execPath,
    args: [join(installed, 'service.mjs'), String(servicePort)],
    env: { ...childEnvironment(), NODE_ENV: 'production' },
  });
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
  const register = { method: 'POST', headers: { 'content-type': 'application/json' } };
  await untilAnswers(server, `${adminUrl}/deployments`, {
    ...register,
    body: JSON.stringify({ uri: `http://127.0.0.1:${servicePort}` }),
  });
  const url = `http://127.0.0.1:${ingress}/steps/run`;
  await untilAnswers(server, url, { ...register, body: '1' });
  return Peer.start({
    name: `restate ${fsync ? 'fsync' : 'relaxed'}`,
    durability: fsync
      ? 'defaults: fsync of the write-ahead log, one node'
      : 'fsync of its write-ahead logs switched off: in the page cache when acknowledged, one node',
    work: '10 × ctx.run in one service process, HTTP ingress',
    children: [server, service],
    folder,
    url,
  });
}
