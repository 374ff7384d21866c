import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Child, startChild } from './child.js';
import { childEnvironment } from './config.js';
import { LocalServerError } from './local-server.error.js';
import { type PostgresFiles, postgresFiles } from './postgres-files.js';
import { canConnect } from './postgres-admin.js';
import { clearStalePostmaster } from './stale-postmaster.js';
import { waitFor } from './wait-for.js';
import type { Watchdog } from './watchdog.js';

const INITDB_TIMEOUT_MS = 120_000;
const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 15_000;
const CONNECTIONS_MAX = 200;
const PASSWORD_BYTES = 24;

export interface PostgresOptions {
  port: number;
  /** Holds the password file and, where the server's user can reach it, the data. */
  folder: string;
  /** false (tests only): nothing is flushed to the disk, a power cut may lose the cluster. Default true. */
  durable?: boolean;
  watchdog?: Watchdog | undefined;
  onLine?: ((line: string) => void) | undefined;
}

export interface Postgres {
  readonly child: Child;
  /** URL of the superuser, with its password. */
  readonly adminUrl: string;
  stop(): Promise<void>;
}

/** Makes the cluster at the first start, then starts it on 127.0.0.1 and resolves when it takes connections. */
export async function startPostgresServer(options: PostgresOptions): Promise<Postgres> {
  const files = postgresFiles(options.folder);
  const passwordFile = join(options.folder, 'password');
  if (!existsSync(passwordFile) || !existsSync(join(files.data, 'PG_VERSION'))) await makeCluster(files, passwordFile);
  await clearStalePostmaster(files.data);
  const child = await startChild({
    name: 'postgres',
    command: join(files.bin, 'postgres'),
    args: ['-D', files.data, ...settings(options)],
    env: environment(),
    cwd: dirname(files.data),
    account: files.account,
    deathSignal: 'INT',
    watchdog: options.watchdog,
    onLine: options.onLine,
  });
  const adminUrl = `postgres://postgres:${readFileSync(passwordFile, 'utf8')}@127.0.0.1:${options.port}/postgres`;
  await untilReady(child, adminUrl, options.port);
  const stop = async (): Promise<void> => {
    // INT is Postgres's fast stop: sessions end, nothing has to be recovered at the next start.
    await child.stop('SIGINT', STOP_GRACE_MS);
    const elsewhere = !files.data.startsWith(options.folder);
    // Whoever removes the folder of a throw-away cluster would not find these.
    if (options.durable === false && elsewhere) rmSync(dirname(files.data), { recursive: true, force: true });
  };
  return { child, adminUrl, stop };
}

async function untilReady(child: Child, adminUrl: string, port: number): Promise<void> {
  try {
    await waitFor(() => !child.isRunning() || canConnect(adminUrl), {
      timeoutMs: READY_TIMEOUT_MS,
      what: `Postgres on port ${port}`,
    });
    if (!child.isRunning()) throw new Error('it exited');
  } catch (cause) {
    await child.stop('SIGKILL', 0);
    const last = child.tail().slice(-10).join('\n');
    throw new LocalServerError(`Postgres did not start on port ${port}:\n${last}`, 'Is the port taken?', { cause });
  }
}

async function makeCluster(files: PostgresFiles, passwordFile: string): Promise<void> {
  // Data without their password belong to a state folder that was removed; they are set aside, never deleted.
  if (existsSync(files.data)) renameSync(files.data, `${files.data}.${Date.now()}`);
  const password = randomBytes(PASSWORD_BYTES).toString('hex');
  const handedOver = join(dirname(files.data), `.password-${process.pid}`);
  mkdirSync(dirname(files.data), { recursive: true });
  writeFileSync(handedOver, password, { mode: 0o600 });
  if (files.account) chownSync(handedOver, files.account.uid, files.account.gid);
  const args = ['-D', files.data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${handedOver}`];
  try {
    await promisify(execFile)(join(files.bin, 'initdb'), [...args, '--no-sync', '--locale=C', '-E', 'UTF8'], {
      env: environment(),
      cwd: dirname(files.data),
      timeout: INITDB_TIMEOUT_MS,
      ...files.account,
    });
  } catch (cause) {
    rmSync(files.data, { recursive: true, force: true });
    throw new LocalServerError(
      `initdb failed: ${cause instanceof Error ? cause.message : 'unknown'}`,
      'Is the disk full?',
      { cause },
    );
  } finally {
    rmSync(handedOver, { force: true });
  }
  writeFileSync(passwordFile, password, { mode: 0o600 });
}

function environment(): Record<string, string> {
  return { ...childEnvironment(), HOME: '/', LC_ALL: 'C' };
}

function settings({ port, durable = true }: PostgresOptions): string[] {
  return [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${CONNECTIONS_MAX}`,
    'shared_buffers=32MB',
    ...(durable ? [] : ['fsync=off', 'full_page_writes=off']),
  ].flatMap((setting) => ['-c', setting]);
}
