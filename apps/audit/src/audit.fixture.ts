import { generateKeyPairSync } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { startService } from '@signalbox/app-runtime';
import { type AppendOptions, Bus, type RunRef } from '@signalbox/bus';
import {
  type DecisionV1,
  type JournalBody,
  type Message,
  runIdFor,
  type ServiceName,
  subjects,
} from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { createDataSource } from '@signalbox/persistence';
import { decide, foldJournal, type PolicyView } from '@signalbox/run-engine';
import {
  freePort,
  startMesh,
  startPostgres,
  testFolder,
  type TestMesh,
  type TestPostgres,
  waitFor,
  unpackRun,
} from '@signalbox/testing';
import { AppModule } from './app.module.js';
import type { Pace } from './archive/archive-pace.js';
import type { AuditConfig } from './config.js';

export const TENANT = 'acme';
export const WAIT_MS = 40_000;

export interface Answer {
  status: number;
  // Bodies are looked at by expectations alone.
  body: { data?: Record<string, unknown>[]; next?: string | null; title?: string } & Record<string, unknown>;
}

/** Stands between audit and Postgres, and can be cut like a cable. */
export class Cable {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(
    private readonly to: { host: string; port: number },
    readonly port: number,
  ) {}

  static async lay(pgUrl: string): Promise<{ cable: Cable; url: string }> {
    const url = new URL(pgUrl);
    const cable = new Cable({ host: url.hostname, port: Number(url.port) }, await freePort());
    await cable.mend();
    url.hostname = '127.0.0.1';
    url.port = String(cable.port);
    return { cable, url: url.href };
  }

  async mend(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.to.port, this.to.host);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  cut(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

export interface RunPlan {
  agent?: string;
  userId?: string;
  costNanoUsd?: number;
  acceptedAt?: number;
  input?: string;
  output?: string;
  /** Of the guard, or of the gate that lets an answer in. */
  ruleset?: string | undefined;
  /** Where it begins in another run. */
  begins?: Pick<JournalBody<'run.accepted.v1'>, 'fork' | 'prefix'>;
}

const limits = {
  stepsMax: 9,
  tokensMax: 1e9,
  costNanoUsdMax: 1e12,
  toolCallsMax: 9,
  parallelToolCallsMax: 1,
  wallMsMax: 600_000,
};
const bundle = { version: 1, hash: 'b'.repeat(64) };
const policy: PolicyView = {
  resolve: (id) => ({
    ok: true,
    agent: { id, description: '', instructions: 'Help.', model: `model-of-${id}`, tools: [], limits },
    model: {
      id: `model-of-${id}`,
      provider: 'default',
      inputNanoUsdPerToken: 1,
      outputNanoUsdPerToken: 1,
      outputTokensMax: 100,
      timeoutMs: 5_000,
    },
    tools: [],
    bundle,
  }),
  authorize: () => ({ outcome: 'deny', kind: 'default', rules: [], reason: 'no tools here', bundle }),
};

type Buses = Record<'guard' | 'router' | 'inference' | 'memory' | 'policy', Bus>;

/** The mesh round audit, with those who write journals played by buses of their own users and keys. */
export class World {
  readonly #open: (() => Promise<unknown>)[] = [];
  readonly #token: string;
  #url = '';
  #dataSource: Promise<ReturnType<typeof createDataSource>> | undefined;

  private constructor(
    readonly mesh: TestMesh,
    readonly postgres: TestPostgres,
    readonly pgUrl: string,
    readonly cable: Cable,
    private readonly cableUrl: string,
    readonly buses: Buses,
  ) {
    this.#token = readFileSync(join(mesh.keysDir('cli'), 'admin.token'), 'utf8').trim();
  }

  static async start(): Promise<World> {
    const [mesh, postgres] = await Promise.all([startMesh({ tenants: [TENANT, 'globex'] }), startPostgres()]);
    const pgUrl = await postgres.createSchema();
    const { cable, url } = await Cable.lay(pgUrl);
    const bus = (service: ServiceName): Promise<Bus> =>
      Bus.connect({ service, account: 'CORE', url: mesh.url, keysDir: mesh.keysDir(service) });
    const buses = {
      guard: await bus('guard'),
      router: await bus('router'),
      inference: await bus('inference'),
      memory: await bus('memory'),
      policy: await bus('policy'),
    };
    const world = new World(mesh, postgres, pgUrl, cable, url, buses);
    for (const open of Object.values(buses)) world.#open.push(() => open.drain(500));
    return world;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#open.map((close) => close()));
    await (await this.#dataSource)?.destroy();
    this.cable.cut();
    await this.mesh.stop();
    await this.postgres.stop();
  }

  async startAudit(change: Partial<AuditConfig> = {}): Promise<{ close(): Promise<void> }> {
    const httpPort = await freePort();
    const config: AuditConfig = {
      natsUrl: this.mesh.url,
      keysDir: this.mesh.keysDir('audit'),
      stateDir: testFolder('audit-state'),
      listenHost: '127.0.0.1',
      healthPort: 0,
      logLevel: 'fatal',
      drainMs: 2_000,
      pgUrl: this.cableUrl,
      httpPort,
      flushMs: 20,
      batchMax: 50,
      trimAfterMs: 3_600_000,
      tombstoneMs: 3_600_000,
      trimEveryMs: 100,
      oidcRolesClaim: 'roles',
      oidcClockSkewS: 30,
      oidcTimeoutMs: 3_000,
      oidcKeysLifeMs: 600_000,
      oidcRefetchMs: 30_000,
      sampleMessages: 64,
      ...change,
    };
    const http = { port: httpPort, bodyBytesMax: 16_384 };
    const audit = await startService({ service: 'audit', config, module: AppModule, http });
    this.#url = `http://127.0.0.1:${httpPort}/audit/v1/tenants/`;
    this.#open.push(() => audit.close());
    return audit;
  }

  async pace(): Promise<{ data: Pace[] }> {
    return (await this.ask('../archive')).body as unknown as { data: Pace[] };
  }

  /** `path` is below `/audit/v1/tenants/`. */
  async ask(path: string, authorization = `Bearer ${this.#token}`, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers);
    if (authorization !== '') headers.set('authorization', authorization);
    const response = await fetch(new URL(path, this.#url), { ...init, headers });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  post(path: string, body: unknown): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    return this.ask(path, undefined, { method: 'POST', body: JSON.stringify(body), headers });
  }

  /** The run's row, once the condition holds. */
  async archived(run: RunRef, condition: (row: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    const find = async (): Promise<Record<string, unknown> | false> => {
      const { status, body } = await this.ask(`${run.tenant}/runs/${run.runId}`);
      const row = body['run'] as Record<string, unknown>;
      return status === 200 && condition(row) && row;
    };
    return waitFor(find, { timeoutMs: WAIT_MS, what: `${run.runId} in the archive` }) as Promise<
      Record<string, unknown>
    >;
  }

  /** Resolves when everything that is on the bus now is archived. */
  async caughtUp(run: RunRef): Promise<void> {
    const { seq } = (await this.buses.router.journal.last(run))!;
    const partition = run.runId.slice(4, 6);
    const done = async (): Promise<boolean> => {
      const [row] = await this.sql('select last_seq from checkpoints where partition = $1', [partition]);
      return Number(row?.['last_seq'] ?? 0) >= seq;
    };
    await waitFor(done, { timeoutMs: WAIT_MS, what: `the archive of ${run.runId}` });
  }

  /** Past the service, as someone with the database's password. */
  async sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    this.#dataSource ??= createDataSource({ url: this.pgUrl, entities: [], migrations: [] }).initialize();
    const answer = (await (await this.#dataSource).query(text, values)) as unknown;
    return Array.isArray(answer) ? (answer as Record<string, unknown>[]) : [];
  }

  /** Gives every archived entry of a run a row of `chunks` of its own, to be altered there alone; gives them in order. */
  async unpack(runId: string): Promise<{ seq: number; bytes: Buffer }[]> {
    await unpackRun((text, values) => this.sql(text, values), runId);
    const rows = await this.sql(
      `select partition, seq, tenant, subject, claimed,
         substring(bytes from 1 + (select coalesce(sum(size), 0) from unnest(sizes[: at - 1]) as size)::integer
           for sizes[at]) as bytes
       from chunks, lateral (select seq, at::integer from unnest(seqs) with ordinality as entry (seq, at)) entry
       where run_id = $1 order by seq`,
      [runId],
    );
    await this.sql('delete from chunks where run_id = $1', [runId]);
    for (const row of rows) {
      const { partition, seq, tenant, subject, bytes, claimed } = row;
      await this.sql(
        `insert into chunks (partition, incarnation, batch_seq, first_seq, tenant, run_id, subject, seqs, sizes, bytes, claimed)
         values ($1, 0, $2::bigint, $2::bigint, $3, $4, $5, array[$2::bigint], array[length($6::bytea)], $6, $7)`,
        [partition, seq, tenant, runId, subject, bytes, claimed === null ? null : JSON.stringify(claimed)],
      );
    }
    return rows.map(({ seq, bytes }) => ({ seq: Number(seq), bytes: bytes as Buffer }));
  }

  /** What an attacker with the database's password can write over an entry that was unpacked. */
  async alter(runId: string, seq: number, bytes: Buffer): Promise<void> {
    await this.sql(
      'update chunks set bytes = $3, sizes = array[length($3::bytea)] where run_id = $1 and first_seq = $2',
      [runId, seq, bytes],
    );
  }

  newRun(): RunRef & { requestId: string } {
    const requestId = newRequestId();
    return { tenant: TENANT, runId: runIdFor({ tenant: TENANT, requestId }), requestId };
  }

  async accept(run: RunRef, options: AppendOptions = {}, plan: RunPlan = {}): Promise<void> {
    const input: Message[] = [{ role: 'user', content: plan.input ?? 'Hello.' }];
    const body = {
      ...{
        tenant: run.tenant,
        runId: run.runId,
        requestId: newRequestId(),
        sessionId: 'session',
        agent: plan.agent ?? 'clerk',
      },
      ...{
        principal: { keyId: 'key', userId: plan.userId ?? 'user' },
        input,
        redactions: {},
        ruleset: plan.ruleset ?? 'r1',
        stream: false,
      },
      ...{ bundle, acceptedAt: plan.acceptedAt ?? Date.now(), ...plan.begins },
    };
    await this.buses.guard.journal.append(run, 'run.accepted.v1', body, options);
  }

  /** A run up to the question to its model. */
  async begin(plan: RunPlan = {}): Promise<RunRef> {
    const run = this.newRun();
    const at = plan.acceptedAt ?? Date.now();
    await this.accept(run, {}, plan);
    await this.decide(run);
    await this.buses.memory.journal.append(run, 'session.loaded.v1', {
      attempt: 1,
      messages: [],
      revision: 0,
      loadedAt: at,
    });
    await this.decide(run);
    return run;
  }

  async answer(run: RunRef, plan: RunPlan = {}): Promise<void> {
    await this.buses.inference.journal.append(run, 'model.completed.v1', {
      step: 1,
      attempt: 1,
      content: plan.output ?? 'Good day.',
      toolCalls: [],
      finish: 'stop',
      usage: { inputTokens: 10, outputTokens: 5 },
      costNanoUsd: plan.costNanoUsd ?? 100,
      provider: 'default',
      upstream: 'fake',
      simulated: true,
      tries: [],
      redactions: {},
      ...(plan.ruleset === undefined ? {} : { ruleset: plan.ruleset }),
      completedAt: Date.now(),
    });
  }

  async complete(plan: RunPlan = {}): Promise<RunRef> {
    const run = await this.begin(plan);
    await this.answer(run, plan);
    await this.decide(run);
    await this.buses.memory.journal.append(run, 'session.saved.v1', { attempt: 1, revision: 1, savedAt: Date.now() });
    return run;
  }

  /** A model call of nobody's run. */
  async sendWork(content: string): Promise<void> {
    const run = this.newRun();
    const plan = policy.resolve('clerk');
    if (!plan.ok) throw new Error('there is no such agent');
    await this.buses.router.publish('workInfer', subjects.workInfer('default', TENANT), {
      runId: run.runId,
      tenant: TENANT,
      step: 1,
      attempt: 1,
      dispatch: 1,
      agent: 'clerk',
      model: plan.model,
      messages: [{ role: 'user', content }],
      tools: [],
      outputTokensMax: 10,
      stream: false,
      bundle,
      deadlineAt: Date.now() + 60_000,
    });
  }

  async cancel(run: RunRef, guard = this.buses.guard): Promise<void> {
    await guard.journal.append(run, 'run.cancel-requested.v1', {
      principal: { keyId: 'key', userId: 'user' },
      reason: 'enough',
      requestedAt: Date.now(),
    });
  }

  /** `change`: what a router that goes wrong makes of the decision. */
  async decide(run: RunRef, change = (decision: DecisionV1): DecisionV1 => decision): Promise<void> {
    const state = foldJournal(await this.buses.router.journal.read(run));
    const decided = decide(state, { nowMs: Date.now(), policy });
    if (!decided) throw new Error('there is nothing to decide');
    const decision = change(decided.decision);
    await this.buses.router.journal.append(run, 'decision.v1', decision, { expectLastSeq: state.seq });
  }

  /** A bus of the archivist's own user. */
  async archivist(): Promise<Bus> {
    const options = { service: 'archivist', account: 'CORE', url: this.mesh.url } as const;
    const bus = await Bus.connect({ ...options, keysDir: this.mesh.keysDir('archivist') });
    this.#open.push(() => bus.drain(500));
    return bus;
  }

  /** The guard's bus user with a signing key that nobody knows. */
  async impostor(): Promise<Bus> {
    const keysDir = testFolder('impostor-keys');
    cpSync(this.mesh.keysDir('guard'), keysDir, { recursive: true });
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(join(keysDir, 'gate-sign.key'), pem, { mode: 0o600 });
    const bus = await Bus.connect({ service: 'guard', account: 'CORE', url: this.mesh.url, keysDir });
    this.#open.push(() => bus.drain(500));
    return bus;
  }
}
