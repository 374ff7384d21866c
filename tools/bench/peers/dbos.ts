import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment, freePort, startChild, startPostgresServer } from '@signalbox/local-servers';
import { installPeer } from './install.ts';
import { Peer, untilAnswers } from './peer.ts';

/** One application process with workflows and steps in it, on a Postgres of its own. */
export async function startDbos({ fsync }: { fsync: boolean }): Promise<Peer> {
  const installed = installPeer('dbos');
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-dbos-'));
  const postgres = await startPostgresServer({ port: await freePort(), folder, durable: fsync });
  const port = await freePort();
  const app = await startChild({
    name: 'dbos application',
    command: process.execPath,
    args: [join(installed, 'app.mjs'), String(port)],
    env: { ...childEnvironment(), NODE_ENV: 'production', BENCH_PG_URL: postgres.adminUrl },
  });
  const url = `http://127.0.0.1:${port}/`;
  await untilAnswers(app, url, { method: 'POST', body: '1' });
  return Peer.start({
    durability: fsync
      ? "Postgres's defaults: fsync and synchronous_commit on"
      : 'Postgres with fsync off: in the page cache when acknowledged',
    works: [
      {
        name: `dbos ${fsync ? 'fsync' : 'relaxed'}`,
        work: '10 × DBOS.runStep in the application process, behind a plain HTTP server',
        url,
      },
    ],
    children: [app, postgres.child],
    folder,
    alsoStop: () => postgres.stop(),
  });
}
