import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Child,
  childEnvironment,
  createOwnedSchema,
  freePort,
  type Postgres,
  repositoryRoot,
  startChild,
  startPostgresServer,
  waitFor,
} from '@signalbox/local-servers';
import { startMesh, type TestMesh } from '@signalbox/testing';
import { publishBundle, TENANT } from './bundle.ts';
import { heapFlags } from '../../stack/launch-service.ts';
import { LoadProcess } from './load-process.ts';
import { type ReplayStyle, replayStyle } from './replay-style.ts';
import type { System } from './system.ts';
import { type WorkloadName, WORKLOADS } from './workloads.ts';

const READY_MS = 60_000;
const STOP_MS = 15_000;
/** Within this the archive has what was stored. */
const ARCHIVE_MS = 2_000;

export interface SignalboxOptions {
  /** The real memory service and the real archive to Postgres; otherwise the bench answers for memory and nothing is archived. */
  full: boolean;
  /** Makes the server flush every write to the disk before it acknowledges it. */
  fsync: boolean;
  /** Folder of the clone whose built apps and worker run; default this one. */
  root?: string | undefined;
  /** Node's flags for the router; default what `npm start` gives. */
  routerFlags?: readonly string[] | undefined;
}

/** Counts by agent: of the newest runs, and of all their entries; and what the archive says of some of them. */
export interface Proof {
  runs: number;
  lookedUp: number;
  agents: Record<string, Record<string, number>>;
  archive: { sampled: number; sound: number; entries: number; lag_ms_max: number } | null;
}

export interface Conversation {
  status: string;
  modelCalls: number;
  entries: number;
  /** Of the journal, as stored. */
  bytes: number;
  lastPromptBytes: number;
  replayStyle: ReplayStyle;
}

/** The real router on a real server; guard and workers are the bench's own processes with the services' keys. */
export class Signalbox {
  readonly #label: string;
  readonly #durability: string;
  readonly #beside: string;
  readonly #children: Child[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
  #mesh!: TestMesh;
  #postgres: Postgres | undefined;
  #load!: LoadProcess;
  #auditUrl = '';

  readonly #options: SignalboxOptions;

  private constructor(options: SignalboxOptions, label: string) {
    this.#options = options;
    this.#label = label;
    this.#durability = options.fsync
      ? 'fsync of every write before its acknowledgement (sync_interval: always), one replica'
      : 'in the page cache when acknowledged: survives the death of any process, not of the machine; one replica';
    this.#beside = `${
      options.full
        ? 'the real memory service, archived to Postgres by the real audit service'
        : "the bench's worker for memory, not archived"
    }; router started with ${(options.routerFlags ?? heapFlags('router')).join(' ') || 'no flags'}`;
  }

  static async start(options: SignalboxOptions, label = ''): Promise<Signalbox> {
    const system = new Signalbox(options, label);
    try {
      await system.#start();
      return system;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  get #root(): string {
    return this.#options.root ?? repositoryRoot();
  }

  /** What is measured on these processes, each kind of runs a system of its own. */
  workloads(names: readonly WorkloadName[]): System[] {
    const processes = [...this.#children, ...(this.#postgres === undefined ? [] : [this.#postgres.child])];
    const roots = [this.#mesh.nats.pid(), ...processes.map(({ pid }) => pid)];
    return names.map((name) => ({
      name: `signalbox ${name}${this.#label}`,
      durability: this.#durability,
      work: `${WORKLOADS[name].work}; ${this.#beside}`,
      measure: (window) => this.#load.measure({ ...window, kind: WORKLOADS[name].agent, roots }),
    }));
  }

  /** The processes under test, by name. */
  pids(): Record<string, number> {
    return {
      nats: this.#mesh.nats.pid(),
      ...(this.#postgres === undefined ? {} : { postgres: this.#postgres.child.pid }),
      ...Object.fromEntries(this.#children.map(({ name, pid }) => [name, pid])),
    };
  }

  /** What was on while it was measured, counted in the newest journals and in the archive. */
  async proof(): Promise<Proof> {
    const { sampleRunIds, ...found } = (await this.#load.ask('proof')) as Omit<Proof, 'archive'> & {
      sampleRunIds: string[];
    };
    return { ...found, archive: this.#options.full ? await this.#archived(sampleRunIds) : null };
  }

  /** One run of a hundred model calls; what its journal takes, and what it would take in other layouts. */
  async conversation(): Promise<Conversation> {
    const found = (await this.#load.ask('conversation')) as Omit<Conversation, 'lastPromptBytes' | 'replayStyle'>;
    const prompts = readFileSync(join(this.#folder, 'prompts'), 'utf8').trim().split('\n').map(Number);
    return { ...found, lastPromptBytes: prompts.at(-1) ?? 0, replayStyle: replayStyle(prompts) };
  }

  async stop(): Promise<void> {
    await this.#load?.stop();
    await Promise.all(this.#children.map((child) => child.stop('SIGTERM', STOP_MS)));
    await this.#mesh?.stop();
    await this.#postgres?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const { full, fsync, routerFlags = heapFlags('router') } = this.#options;
    const alterConfig = (text: string): string => text.replace('jetstream {', 'jetstream {\n  sync_interval: always');
    this.#mesh = await startMesh({ tenants: [TENANT], ...(fsync ? { alterConfig } : {}) });
    await publishBundle(this.#mesh);
    const worker = [this.#mesh.url, this.#mesh.keysRoot, full ? 'no-memory' : 'memory', join(this.#folder, 'prompts')];
    const module = join(this.#root, 'tools', 'bench', 'runs', 'signalbox-worker.ts');
    const child = await startChild({
      name: 'worker',
      command: process.execPath,
      args: [...heapFlags('tool-runner'), module, ...worker],
    });
    this.#children.push(child);
    await waitFor(() => this.#isUp(child) && child.tail().includes('ready'), {
      timeoutMs: READY_MS,
      what: 'the worker',
    });
    if (full) {
      await this.#service('memory', heapFlags('memory'));
      const folder = join(this.#folder, 'postgres');
      this.#postgres = await startPostgresServer({ port: await freePort(), folder, durable: fsync });
      const httpPort = await freePort();
      this.#auditUrl = `http://127.0.0.1:${httpPort}/audit/v1`;
      const pgUrl = await createOwnedSchema(this.#postgres.adminUrl, 'audit', 'audit');
      await this.#service('audit', heapFlags('audit'), {
        SIGNALBOX_PG_URL: pgUrl,
        SIGNALBOX_HTTP_PORT: String(httpPort),
        SIGNALBOX_TENANTS: TENANT,
      });
    }
    await this.#service('router', routerFlags);
    this.#load = await LoadProcess.start(join(this.#root, 'tools', 'bench', 'runs', 'signalbox-load.ts'), {
      BENCH_NATS_URL: this.#mesh.url,
      BENCH_KEYS_DIR: this.#mesh.keysDir('guard'),
    });
  }

  async #service(
    name: 'router' | 'memory' | 'audit',
    flags: readonly string[],
    env: Record<string, string> = {},
  ): Promise<void> {
    const healthPort = await freePort();
    const child = await startChild({
      name,
      command: process.execPath,
      args: [...flags, join(this.#root, 'apps', name, 'dist', 'main.js')],
      env: {
        ...childEnvironment(),
        SIGNALBOX_LOG_LEVEL: 'info',
        SIGNALBOX_NATS_URL: this.#mesh.url,
        SIGNALBOX_KEYS_DIR: this.#mesh.keysDir(name),
        SIGNALBOX_STATE_DIR: this.#folder,
        SIGNALBOX_HEALTH_PORT: String(healthPort),
        ...env,
      },
    });
    this.#children.push(child);
    const url = `http://127.0.0.1:${healthPort}/health/ready`;
    await waitFor(async () => this.#isUp(child) && (await fetch(url)).status === 200, {
      timeoutMs: READY_MS,
      what: name,
    });
  }

  #isUp(child: Child): boolean {
    if (child.isRunning()) return true;
    throw new Error(`${child.name} ended:\n${child.tail().join('\n')}`);
  }

  /** Whether the archive has whole, sound journals of these runs, and how much it has in all. */
  async #archived(runIds: readonly string[]): Promise<NonNullable<Proof['archive']>> {
    const token = readFileSync(join(this.#mesh.keysDir('audit'), 'admin.token'), 'utf8').trim();
    const ask = async (path: string): Promise<{ data: Record<string, unknown>[] }> => {
      const response = await fetch(`${this.#auditUrl}/${path}`, { headers: { authorization: `Bearer ${token}` } });
      return (await response.json()) as { data: Record<string, unknown>[] };
    };
    await pause(ARCHIVE_MS);
    const verdicts = await Promise.all(runIds.map((runId) => ask(`tenants/${TENANT}/runs/${runId}/verify`)));
    const { data } = await ask('archive');
    const numbers = (name: string): number[] => data.map((pace) => Number(pace[name]));
    return {
      sampled: runIds.length,
      sound: verdicts.filter((verdict) => verdict.data?.[0]?.['ok'] === true).length,
      entries: numbers('entries').reduce((sum, count) => sum + count, 0),
      lag_ms_max: Math.max(...numbers('lagMsMax')),
    };
  }
}
