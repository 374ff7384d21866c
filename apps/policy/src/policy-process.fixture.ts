import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, type TestMesh, testFolder, waitFor } from '@signalbox/testing';

const root = join(import.meta.dirname, '../../..');

export interface Answer {
  status: number;
  headers: Headers;
  // Bodies are looked at by expectations alone.
  body: Record<string, unknown> & { items?: unknown[]; fields?: string[] };
}

export interface AskOptions {
  body?: unknown;
  /** In place of `body`: the bytes themselves. */
  raw?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  /** Empty: no token. */
  token?: string;
}

/** The policy service as what it is: a process of its own, asked over HTTP. */
export interface PolicyProcess {
  readonly url: string;
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** Log lines so far. */
  logs(): { msg: string; level: string; tenant?: string }[];
  isRunning(): boolean;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
}

/** Compiles the app and what it needs; seconds at first, then a moment. */
export function buildPolicy(): void {
  execFileSync(process.execPath, [join(root, 'node_modules/ts7/bin/tsc'), '-b', join(root, 'apps/policy')], {
    stdio: 'inherit',
  });
}

export interface StartOptions {
  mesh: TestMesh;
  pgUrl: string;
  env?: Record<string, string>;
  /** False: resolve as soon as its API answers, whatever its state. Default: when a bundle of the tenant is delivered. */
  awaitBundle?: boolean;
}

export async function startPolicy({ mesh, pgUrl, env = {}, awaitBundle = true }: StartOptions): Promise<PolicyProcess> {
  const port = await freePort();
  const settings = {
    SIGNALBOX_NATS_URL: mesh.url,
    SIGNALBOX_KEYS_DIR: mesh.keysDir('policy'),
    SIGNALBOX_STATE_DIR: testFolder('policy-state'),
    SIGNALBOX_HEALTH_PORT: '0',
    SIGNALBOX_HTTP_PORT: String(port),
    SIGNALBOX_PG_URL: pgUrl,
    SIGNALBOX_PG_SCHEMA: schemaOf(pgUrl),
    SIGNALBOX_TENANTS: mesh.tenants.join(','),
    SIGNALBOX_UPKEEP_MS: '200',
    SIGNALBOX_BUCKET_CHECK_MS: '500',
    ...env,
  };
  const child = spawn(process.execPath, [join(root, 'apps/policy/dist/main.js')], {
    env: settings,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: ReturnType<PolicyProcess['logs']> = [];
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
  const token = readFileSync(join(mesh.keysDir('cli'), 'admin.token'), 'utf8').trim();
  const url = `http://127.0.0.1:${port}`;
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (isRunning()) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    }
    return child.exitCode;
  };
  const started: PolicyProcess = {
    url,
    ask: (method, path, options = {}) => ask(url + path, method, { token, ...options }),
    logs: () => lines,
    isRunning,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
  const isReady = async (): Promise<boolean> => {
    const { body, status } = await started.ask('GET', `/admin/v1/tenants/${mesh.tenants[0]}/bundle`);
    return awaitBundle ? status === 200 && body['delivered'] === true : status > 0;
  };
  try {
    await waitFor(async () => !isRunning() || (await isReady()), { timeoutMs: 30_000, what: 'the policy service' });
    if (!isRunning()) throw new Error(`the policy service ended: ${JSON.stringify(lines.slice(-3))}`);
  } catch (error) {
    await started.kill();
    throw error;
  }
  return started;
}

/** The schema that `createSchema` made is named as its role. */
function schemaOf(pgUrl: string): string {
  const { username } = new URL(pgUrl);
  return username === 'postgres' ? 'policy' : username;
}

async function ask(url: string, method: string, { body, raw, headers = {}, token }: AskOptions): Promise<Answer> {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(url, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(content === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}
