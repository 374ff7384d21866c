import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createOwnedSchema,
  dropOwnedSchema,
  freePort,
  startPostgresServer,
  testRunDir,
  waitFor,
} from '@signalbox/local-servers';
import { testFolder } from './test-folder.js';

const START_TIMEOUT_MS = 90_000;

export interface TestPostgres {
  /** Superuser's URL. */
  readonly adminUrl: string;
  /** A role and schema of its own (no other can read it); gives the role's URL, whose search path is the schema. */
  createSchema(): Promise<string>;
  /** Drops the schemas made here; a cluster that no test run holds is stopped and removed. */
  stop(): Promise<void>;
}

/**
 * A real Postgres. Inside a test run all spec files share one cluster, which the first of them starts and the run's
 * end stops; elsewhere it is a cluster of the caller's own.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const runDir = testRunDir();
  const cluster = runDir === undefined ? await ownCluster() : await sharedCluster(runDir);
  const names: string[] = [];
  return {
    adminUrl: cluster.adminUrl,
    createSchema: async () => {
      const name = `spec_${randomBytes(6).toString('hex')}`;
      names.push(name);
      return createOwnedSchema(cluster.adminUrl, name, randomBytes(12).toString('hex'));
    },
    stop: async () => {
      for (const name of names.splice(0)) await dropOwnedSchema(cluster.adminUrl, name);
      await cluster.stop();
    },
  };
}

interface Cluster {
  adminUrl: string;
  stop(): Promise<void>;
}

async function ownCluster(): Promise<Cluster> {
  const folder = testFolder('postgres');
  const postgres = await startPostgresServer({ port: await freePort(), folder, durable: false });
  return {
    adminUrl: postgres.adminUrl,
    stop: async () => {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The first worker that makes the folder asks the run's own process for the cluster; all wait for its answer. */
async function sharedCluster(runDir: string): Promise<Cluster> {
  const answer = join(runDir, 'postgres.json');
  if (!existsSync(answer)) requestCluster(runDir);
  await waitFor(() => existsSync(answer), { timeoutMs: START_TIMEOUT_MS, what: 'the Postgres of this test run' });
  const { adminUrl, failure } = JSON.parse(readFileSync(answer, 'utf8')) as { adminUrl?: string; failure?: string };
  if (adminUrl === undefined) throw new Error(failure);
  return { adminUrl, stop: async () => undefined };
}

function requestCluster(runDir: string): void {
  writeFileSync(join(runDir, 'postgres.wanted'), '');
}

/** Run by the global set-up: starts the cluster when a spec first asks for it. Returns what stops it. */
export function serveSharedCluster(runDir: string): () => Promise<void> {
  const folder = join(runDir, 'postgres');
  let started: Promise<Cluster> | undefined;
  const timer = setInterval(() => {
    if (started || !existsSync(join(runDir, 'postgres.wanted'))) return;
    clearInterval(timer);
    started = startShared(folder);
    started.then(
      ({ adminUrl }) => publish(runDir, { adminUrl }),
      (error: unknown) => publish(runDir, { failure: String(error) }),
    );
  }, 50);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await started?.then((cluster) => cluster.stop()).catch(() => undefined);
  };
}

async function startShared(folder: string): Promise<Cluster> {
  mkdirSync(folder, { recursive: true });
  const postgres = await startPostgresServer({ port: await freePort(), folder, durable: false });
  return { adminUrl: postgres.adminUrl, stop: () => postgres.stop() };
}

function publish(runDir: string, answer: { adminUrl?: string; failure?: string }): void {
  const file = join(runDir, 'postgres.json');
  writeFileSync(`${file}.new`, JSON.stringify(answer), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
