import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startService } from '@signalbox/app-runtime';
import { Bus, KeyRing, type RawEntry, type RunRef } from '@signalbox/bus';
import {
  type CedarPolicy,
  type JournalEntry,
  type JournalEntryOf,
  type JournalBody,
  type JournalKind,
  type PolicyBundleV1,
  runIdFor,
  type ServiceName,
  subjects,
  type ToolManifest,
  type ToolWorkV1,
} from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { bundleKey, CompiledPolicy, compilePolicy, signBundle } from '@signalbox/policy-engine';
import { openFromVault, type VaultItem } from '@signalbox/privacy';
import { decide, foldJournal, type PolicyView, toolWork } from '@signalbox/run-engine';
import { readMachine } from '@signalbox/local-servers';
import { startMesh, testFolder, type TestMesh, waitFor } from '@signalbox/testing';
import { AppModule } from './app.module.js';
import type { ToolRunnerConfig } from './config.js';

export const TENANT = 'acme';
/** A tenant for whom no bundle is ever published. */
export const LAWLESS = 'globex';
export const WAIT_MS = 40_000;
const MiB = 1_048_576;

const codeLimits = {
  wallMs: 10_000,
  cpuMs: 5_000,
  memoryBytes: 256 * MiB,
  pidsMax: 32,
  outputBytesMax: 65_536,
  tmpBytesMax: MiB,
};
const httpLimits = { ...codeLimits, wallMs: 2_000, pidsMax: 1 };
const base = { description: '', parameters: { type: 'object' } };

function tools(host: string): ToolManifest[] {
  const http = (name: string, method: 'GET' | 'POST', effect: ToolManifest['effect']): ToolManifest => ({
    ...base,
    name,
    effect,
    tier: 'T0',
    limits: httpLimits,
    driver: { kind: 'http', hosts: [host], methods: [method] },
  });
  const code: ToolManifest = {
    ...base,
    name: 'js',
    effect: 'pure',
    tier: 'T2',
    limits: codeLimits,
    driver: { kind: 'code', language: 'javascript', files: ['numbers.txt'] },
  };
  return [
    code,
    http('http_get', 'GET', 'idempotent'),
    http('http_post', 'POST', 'unsafe'),
    http('forbidden', 'GET', 'pure'),
    http('forbidden_post', 'POST', 'unsafe'),
    { ...http('fenced', 'GET', 'pure'), parameters: { type: 'object', properties: { url: { type: 'string' } } } },
    // Its driver cannot give that tier.
    { ...http('misplaced', 'GET', 'pure'), tier: 'T2' },
  ];
}

/** `forbid(principal, action, resource == Tool::"fenced") when { context.arguments.url like "*secret*" };` */
const FENCE: CedarPolicy = {
  id: 'fence',
  text: '-',
  description: '',
  json: {
    effect: 'forbid',
    principal: { op: 'All' },
    action: { op: 'All' },
    resource: { op: '==', entity: { type: 'Tool', id: 'fenced' } },
    conditions: [
      {
        kind: 'when',
        body: {
          like: {
            left: { '.': { left: { '.': { left: { Var: 'context' }, attr: 'arguments' } }, attr: 'url' } },
            pattern: ['Wildcard', { Literal: 'secret' }, 'Wildcard'],
          },
        },
      },
    ],
  },
};

function bundleOf(host: string, change: Partial<PolicyBundleV1> = {}): PolicyBundleV1 {
  const all = tools(host);
  const limits = {
    stepsMax: 9,
    tokensMax: 1e6,
    costNanoUsdMax: 1e9,
    toolCallsMax: 99,
    parallelToolCallsMax: 8,
    wallMsMax: 600_000,
  };
  const names = all.map(({ name }) => name);
  return {
    format: 1,
    tenant: TENANT,
    version: 1,
    parentHash: null,
    issuedAt: Date.now() - 1_000,
    expiresAt: Date.now() + 3_600_000,
    agents: [{ id: 'worker', description: '', instructions: 'Work.', model: 'default', tools: names, limits }],
    tools: all,
    rules: [
      {
        id: 'allow',
        effect: 'permit',
        agents: '*',
        tools: names.filter((name) => !name.startsWith('forbidden')),
        when: [],
        description: '',
      },
    ],
    policies: [FENCE],
    models: [
      {
        id: 'default',
        provider: 'default',
        inputNanoUsdPerToken: 1,
        outputNanoUsdPerToken: 1,
        outputTokensMax: 100,
        timeoutMs: 5_000,
      },
    ],
    keys: [],
    ...change,
  };
}

/** What the router of this world believes: everything is permitted, so that the runner's own decision shows. */
function viewOf(policy: CompiledPolicy): PolicyView {
  return {
    resolve: (agentId) => ({ ok: true, ...policy.resolve(agentId) }),
    authorize: () => ({
      outcome: 'permit',
      kind: 'permit',
      rules: ['all'],
      reason: 'permitted',
      bundle: policy.bundle,
    }),
  };
}

/** The mesh round the tool runner, with its neighbours played by buses of their own users and keys. */
export class World {
  readonly filesDir = testFolder('tool-files');
  readonly #open: (() => Promise<unknown>)[] = [];
  readonly #policy: CompiledPolicy;

  private constructor(
    readonly mesh: TestMesh,
    readonly host: string,
    readonly router: Bus,
    readonly guard: Bus,
    private readonly inference: Bus,
    private readonly memory: Bus,
    private readonly policyBus: Bus,
  ) {
    this.#policy = compilePolicy(bundleOf(host));
    writeFileSync(join(this.filesDir, 'numbers.txt'), '1\n2\n3\n');
  }

  /** `host`: whom its HTTP tools may ask. */
  static async start(host: string): Promise<World> {
    const mesh = await startMesh({ tenants: [TENANT, LAWLESS] });
    const connect = (service: ServiceName): Promise<Bus> =>
      Bus.connect({ service, account: 'CORE', url: mesh.url, keysDir: mesh.keysDir(service) });
    const buses = await Promise.all((['router', 'guard', 'inference', 'memory', 'policy'] as const).map(connect));
    const [router, guard, inference, memory, policy] = buses as [Bus, Bus, Bus, Bus, Bus];
    const world = new World(mesh, host, router, guard, inference, memory, policy);
    world.#open.push(...buses.map((bus) => () => bus.drain(500)));
    await world.publishBundle();
    return world;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#open.toReversed().map((close) => close()));
    await this.mesh.stop();
  }

  async publishBundle(change: Partial<PolicyBundleV1> = {}): Promise<void> {
    const key = KeyRing.load(this.mesh.keysDir('policy')).privateKey('bundle-sign');
    const signed = signBundle(bundleOf(this.host, change), key, 'test');
    await (await this.policyBus.bucket('policy')).put(bundleKey(TENANT), JSON.stringify(signed));
  }

  async startRunner(change: Partial<ToolRunnerConfig> = {}): Promise<{ close(): Promise<void> }> {
    // As the local mesh does: the one that the bootstrap chose, where the system has none.
    const { bubblewrap } = readMachine();
    const config: ToolRunnerConfig = {
      natsUrl: this.mesh.url,
      keysDir: this.mesh.keysDir('tool-runner'),
      stateDir: testFolder('tool-runner-state'),
      listenHost: '127.0.0.1',
      healthPort: 0,
      logLevel: 'fatal',
      drainMs: 2_000,
      recogniserMs: 5_000,
      recogniserWhenAway: 'refuse',
      slots: 8,
      sandboxesMax: 8,
      filesDir: this.filesDir,
      probeMs: 600_000,
      claimsNeedArchive: false,
      compactEntries: true,
      ...(bubblewrap === null ? {} : { bwrap: bubblewrap.path }),
      ...change,
    };
    const runner = await startService({ service: 'tool-runner', config, module: AppModule });
    this.#open.push(() => runner.close());
    return runner;
  }

  /** The guard's vault; what it was given is opened with its own key. */
  async startVault(): Promise<{ values: VaultItem[]; stop(): Promise<void> }> {
    const { x, d } = KeyRing.load(this.mesh.keysDir('guard')).privateKey('vault-x25519').export({ format: 'jwk' });
    const keys = { publicKey: x!, privateKey: d! };
    const values: VaultItem[] = [];
    const service = await this.guard.serve('vaultDeposit', async ({ body, tenant }) => {
      values.push(...body.items.map(({ token, sealed }) => openFromVault(keys, { tenant, token }, sealed)));
      return { ok: true as const };
    });
    return { values, stop: () => service.stop(0) };
  }

  /** A run whose model has just asked for one call, decided by the real engine. */
  async ask(
    tool: string,
    args: Record<string, unknown>,
    accepted: Partial<JournalBody<'run.accepted.v1'>> = {},
  ): Promise<ToolWorkV1> {
    const requestId = newRequestId();
    const run = { tenant: TENANT, runId: runIdFor({ tenant: TENANT, requestId }) };
    const at = Date.now();
    await this.guard.journal.append(run, 'run.accepted.v1', {
      ...run,
      requestId,
      sessionId: 'session',
      principal: { keyId: 'key', userId: 'user' },
      agent: 'worker',
      input: [{ role: 'user', content: 'Do it.' }],
      redactions: {},
      ruleset: 'r1',
      stream: false,
      bundle: this.#policy.bundle,
      acceptedAt: at,
      ...accepted,
    });
    await this.#decide(run);
    await this.memory.journal.append(run, 'session.loaded.v1', { attempt: 1, messages: [], revision: 0, loadedAt: at });
    await this.#decide(run);
    await this.inference.journal.append(run, 'model.completed.v1', {
      step: 1,
      attempt: 1,
      content: '',
      toolCalls: [{ callId: 'call_1_0', name: tool, arguments: JSON.stringify(args) }],
      finish: 'tool_calls',
      usage: { inputTokens: 1, outputTokens: 1 },
      costNanoUsd: 1,
      provider: 'default',
      upstream: 'fake',
      simulated: true,
      tries: [],
      redactions: {},
      completedAt: at,
    });
    await this.#decide(run);
    return toolWork(foldJournal(await this.router.journal.read(run)), 'call_1_0', 1);
  }

  /** What a worker leaves that dies between its claim and its result. */
  async claimAndDie(work: ToolWorkV1): Promise<void> {
    const { callId, attempt, argumentsHash } = work;
    const keysDir = this.mesh.keysDir('tool-runner');
    const bus = await Bus.connect({ service: 'tool-runner', account: 'CORE', url: this.mesh.url, keysDir });
    const claim = { callId, attempt, argumentsHash, worker: 'wrk_dead', beganAt: Date.now() };
    await bus.journal.append(work, 'tool.began.v1', claim);
    await bus.drain(0);
  }

  async send(work: ToolWorkV1): Promise<void> {
    await this.router.publish('workTool', subjects.workTool(work.tier, work.tenant), work);
  }

  async call(tool: string, args: Record<string, unknown>): Promise<ToolWorkV1> {
    const work = await this.ask(tool, args);
    await this.send(work);
    return work;
  }

  async cancel(run: RunRef): Promise<void> {
    await this.router.publish('ctl', subjects.ctl(run.tenant, run.runId), { reason: 'enough' });
  }

  /** As guard and router end a run. */
  async end(run: RunRef): Promise<void> {
    await this.guard.journal.append(run, 'run.cancel-requested.v1', {
      principal: { keyId: 'key', userId: 'user' },
      reason: 'enough',
      requestedAt: Date.now(),
    });
    await this.#decide(run);
    await this.cancel(run);
  }

  /** The tool runner's own entries. */
  async facts(run: RunRef): Promise<JournalEntry[]> {
    const entries: RawEntry[] = await this.router.journal.read(run);
    return entries.flatMap(({ entry, seal }) => {
      if (entry?.author !== 'tool-runner') return [];
      if (seal !== 'verified') throw new Error('an entry of the tool runner is not sealed');
      return [entry];
    });
  }

  /** Its first entry of that kind. */
  fact<K extends JournalKind>(run: RunRef, kind: K, timeoutMs = WAIT_MS): Promise<JournalEntryOf<K>> {
    const find = async (): Promise<JournalEntryOf<K> | undefined> =>
      (await this.facts(run)).find((entry) => entry.kind === kind) as JournalEntryOf<K> | undefined;
    return waitFor(find, { timeoutMs, what: `${kind} of ${run.runId}` }) as Promise<JournalEntryOf<K>>;
  }

  async #decide(run: RunRef): Promise<void> {
    const state = foldJournal(await this.router.journal.read(run));
    const decided = decide(state, { nowMs: Date.now(), policy: viewOf(this.#policy) });
    if (!decided) throw new Error('there is nothing to decide');
    await this.router.journal.append(run, 'decision.v1', decided.decision, { expectLastSeq: state.seq });
  }
}
