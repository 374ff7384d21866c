import { rmSync } from 'node:fs';
import { startService } from '@signalbox/app-runtime';
import { Bus, KeyRing, type RunRef } from '@signalbox/bus';
import { provision } from '@signalbox/bus/provision';
import {
  type AgentManifest,
  type ModelManifest,
  type PolicyBundleV1,
  runOfRequest,
  type RunRequestV1,
  type ServiceName,
  subjects,
  WAYS_IN,
} from '@signalbox/contracts';
import { newRequestId, sha256Hex } from '@signalbox/kernel';
import { createDataSource } from '@signalbox/persistence';
import { bundleKey, signBundle, storedDigest } from '@signalbox/policy-engine';
import { startMesh, startPostgres, testFolder, type TestMesh, type TestPostgres, waitFor } from '@signalbox/testing';
import { AppModule } from './app.module.js';
import type { GuardConfig } from './config.js';

export const TENANT = 'acme';
export const DIGEST = sha256Hex('sb_acme_first-key');

const AGENT: AgentManifest = {
  id: 'clerk',
  description: '',
  instructions: 'Help.',
  model: 'default',
  forks: { models: ['other'], instructions: true },
  tools: [],
  limits: {
    stepsMax: 9,
    tokensMax: 1e6,
    costNanoUsdMax: 1e9,
    toolCallsMax: 9,
    parallelToolCallsMax: 1,
    wallMsMax: 60_000,
  },
};

const MODEL: ModelManifest = {
  id: 'default',
  provider: 'default',
  inputNanoUsdPerToken: 1,
  outputNanoUsdPerToken: 1,
  outputTokensMax: 100,
  timeoutMs: 5_000,
};

export const BUNDLE: PolicyBundleV1 = {
  format: 1,
  tenant: TENANT,
  version: 1,
  parentHash: null,
  issuedAt: Date.now(),
  expiresAt: Date.now() + 3_600_000,
  agents: [AGENT],
  tools: [],
  rules: [],
  models: [MODEL, { ...MODEL, id: 'other' }, { ...MODEL, id: 'third' }],
  keys: [{ id: 'first', digest: storedDigest(DIGEST), userId: 'ann', agents: '*' }],
};

export interface TestGuard {
  close(): Promise<void>;
}

/** A real broker and Postgres with guards between them, and a gateway's bus to ask from. */
export class GuardWorld {
  readonly #open: (() => Promise<unknown>)[] = [];
  #version = 0;

  private constructor(
    readonly mesh: TestMesh,
    readonly postgres: TestPostgres,
    readonly pgUrl: string,
    readonly gateway: Bus,
    readonly router: Bus,
  ) {}

  static async start(): Promise<GuardWorld> {
    const [mesh, postgres] = await Promise.all([startMesh({ tenants: [TENANT] }), startPostgres()]);
    const bus = (service: ServiceName, account: 'GATE' | 'CORE'): Promise<Bus> =>
      Bus.connect({ service, account, url: mesh.url, keysDir: mesh.keysDir(service) });
    const pgUrl = await postgres.createSchema();
    const world = new GuardWorld(mesh, postgres, pgUrl, await bus('gateway', 'GATE'), await bus('router', 'CORE'));
    world.#open.push(
      () => world.gateway.drain(500),
      () => world.router.drain(500),
    );
    await world.publishBundle();
    return world;
  }

  /** A new version, with one more key where its digest is given. */
  async publishBundle(more: { key?: string } = {}): Promise<void> {
    const keysDir = this.mesh.keysDir('policy');
    const bus = await Bus.connect({ service: 'policy', account: 'CORE', url: this.mesh.url, keysDir });
    const added = more.key
      ? [{ id: 'second', digest: storedDigest(more.key), userId: 'ben', agents: '*' as const }]
      : [];
    const bundle = { ...BUNDLE, version: ++this.#version, keys: [...BUNDLE.keys, ...added] };
    const signed = signBundle(bundle, KeyRing.load(keysDir).privateKey('bundle-sign'), 'test');
    await (await bus.bucket('policy')).put(bundleKey(TENANT), JSON.stringify(signed));
    await bus.drain(1_000);
  }

  async startGuard(change: Partial<GuardConfig> = {}): Promise<TestGuard> {
    const config: GuardConfig = {
      natsUrl: this.mesh.url,
      keysDir: this.mesh.keysDir('guard'),
      stateDir: testFolder('guard-state'),
      listenHost: '127.0.0.1',
      healthPort: 0,
      logLevel: 'fatal',
      drainMs: 2_000,
      recogniserMs: 5_000,
      recogniserWhenAway: 'refuse',
      pgUrl: this.pgUrl,
      slots: 16,
      tenantOpenRunsMax: 50_000,
      watchesMax: 64,
      unseenMs: 10_000,
      recheckMs: 200,
      idempotencyKeepMs: 86_400_000,
      idempotencyWaitMs: 20_000,
      sealsTogether: true,
      compactEntries: true,
      ...change,
    };
    const guard = await startService({ service: 'guard', config, module: AppModule });
    this.#open.push(() => guard.close());
    return guard;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#open.map((close) => close()));
    await this.mesh.stop();
    await this.postgres.stop();
  }

  /** The broker comes back with nothing that it knew: neither requests nor journals. */
  async loseBroker(): Promise<void> {
    await this.mesh.kill();
    rmSync(this.mesh.nats.storeDir, { recursive: true, force: true });
    await this.mesh.restart();
    await provision({ url: this.mesh.url, keysDir: this.mesh.keysRoot });
    await this.publishBundle();
  }

  request(content: string, change: Partial<RunRequestV1> = {}): RunRequestV1 {
    const input: RunRequestV1['input'] = [{ role: 'user', content }];
    return { keyDigest: DIGEST, requestId: newRequestId(), agent: 'clerk', input, stream: false, ...change };
  }

  reserve(request: RunRequestV1): Promise<{ runId: string; checked: boolean }> {
    const subject = subjects.ask(TENANT, 'reserve');
    return this.gateway.request('askReserve', subject, request, { timeoutMs: 5_000 });
  }

  async send(request: RunRequestV1): Promise<RunRef> {
    await this.gateway.publish('inRun', subjects.in(TENANT, 'run'), request, { id: request.requestId });
    return runOfRequest(TENANT, request);
  }

  /** What the guards have not settled yet comes to nothing. */
  async settled(): Promise<void> {
    const idle = async (): Promise<boolean> => {
      const states = await Promise.all(WAYS_IN.map((way) => this.mesh.work(way)));
      return states.every(({ waiting, taken }) => waiting + taken === 0);
    };
    await waitFor(idle, { what: 'the guards to have taken everything' });
  }

  /** Kinds of a run's entries. */
  async journal(run: RunRef): Promise<string[]> {
    return (await this.router.journal.read(run)).map(({ entry }) => entry?.kind ?? 'unreadable');
  }

  async sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const dataSource = await createDataSource({ url: this.pgUrl, entities: [], migrations: [] }).initialize();
    try {
      const rows = (await dataSource.query(text, values)) as unknown;
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
    } finally {
      await dataSource.destroy();
    }
  }
}
