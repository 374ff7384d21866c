import { setTimeout as wait } from 'node:timers/promises';
import { CONFIG, CORE_BUS, KEYS, LOGGER, PolicyModule, Readiness } from '@signalbox/app-runtime';
import { Bus, KeyRing, type RunRef, type WorkMessage } from '@signalbox/bus';
import {
  type InferWorkV1,
  type PolicyBundleV1,
  runIdFor,
  type ToolCall,
  type ToolEffect,
  type ToolWorkV1,
} from '@signalbox/contracts';
import { MeshError, newRequestId } from '@signalbox/kernel';
import { bundleKey, signBundle } from '@signalbox/policy-engine';
import { foldJournal, mayBegin } from '@signalbox/run-engine';
import { createLogger } from '@signalbox/telemetry';
import type { TestMesh } from '@signalbox/testing';
import { type DynamicModule, Global, type INestApplicationContext, Module, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { RouterConfig } from './config.js';
import { ROUTER_PROVIDERS } from './partitions/partitions.module.js';
import { PartitionsService } from './partitions/partitions.service.js';

export const TENANT = 'acme';
const limits = { wallMs: 200, cpuMs: 200, memoryBytes: 67_108_864, pidsMax: 4, outputBytesMax: 1_024, tmpBytesMax: 0 };
const tool = (name: string, effect: ToolEffect) => ({
  name,
  description: '',
  parameters: { type: 'object', properties: { n: { type: 'integer' } } },
  effect,
  tier: 'T0' as const,
  limits,
  driver: { kind: 'http' as const, hosts: [], methods: ['GET' as const] },
  source: 'trusted' as const,
  sensitivity: [],
});

const agentLimits = {
  stepsMax: 10,
  tokensMax: 100_000,
  costNanoUsdMax: 1e12,
  toolCallsMax: 50,
  parallelToolCallsMax: 4,
  wallMsMax: 120_000,
};

const BUNDLE: PolicyBundleV1 = {
  format: 1,
  tenant: TENANT,
  version: 1,
  parentHash: null,
  issuedAt: Date.now() - 1_000,
  expiresAt: Date.now() + 3_600_000,
  agents: [
    {
      id: 'worker',
      description: '',
      instructions: 'Work.',
      model: 'default',
      tools: ['look', 'send', 'forbidden', 'delegate', 'hand_on'],
      limits: agentLimits,
    },
    { id: 'closer', description: '', instructions: 'Close.', model: 'default', tools: ['send'], limits: agentLimits },
  ],
  tools: [
    tool('look', 'pure'),
    tool('send', 'unsafe'),
    tool('forbidden', 'pure'),
    {
      ...tool('delegate', 'idempotent'),
      parameters: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
      driver: { kind: 'agent', agent: 'worker' },
    },
    { ...tool('hand_on', 'pure'), driver: { kind: 'handoff', agent: 'closer' } },
  ],
  rules: [
    {
      id: 'allow',
      effect: 'permit',
      agents: '*',
      tools: ['look', 'send', 'delegate', 'hand_on'],
      when: [],
      description: '',
    },
  ],
  models: [
    {
      id: 'default',
      provider: 'default',
      inputNanoUsdPerToken: 1,
      outputNanoUsdPerToken: 2,
      outputTokensMax: 500,
      timeoutMs: 5_000,
    },
  ],
  keys: [],
};

export async function publishBundle(
  mesh: TestMesh,
  change: (bundle: PolicyBundleV1) => PolicyBundleV1 = (same) => same,
): Promise<void> {
  const bus = await Bus.connect({ service: 'policy', account: 'CORE', url: mesh.url, keysDir: mesh.keysDir('policy') });
  const signed = signBundle(change(BUNDLE), KeyRing.load(mesh.keysDir('policy')).privateKey('bundle-sign'), 'test');
  await (await bus.bucket('policy')).put(bundleKey(TENANT), JSON.stringify(signed));
  await bus.drain(1_000);
}

const DEFAULTS: Omit<RouterConfig, 'natsUrl' | 'keysDir' | 'stateDir'> = {
  listenHost: '127.0.0.1',
  healthPort: 0,
  logLevel: 'fatal',
  drainMs: 2_000,
  leaseTtlMs: 1_500,
  checkpointMs: 200,
  loadMs: 200,
  activeRunsMax: 2_000,
  openRunsMax: 20_000,
  decisionsMax: 256,
  redispatchMs: 2_000,
  unstartedMax: 8,
  dispatchesMax: 5,
  sessionTimeoutMs: 5_000,
  sessionRequestsMax: 128,
  policyGraceMs: 10_000,
  compactEntries: true,
  archiveGraceMs: 0,
  parkAfterMs: 100,
};

export interface TestRouter {
  partitions: PartitionsService;
  bus: Bus;
  readiness: Readiness;
  stop(): Promise<void>;
  /** What a crash leaves: the connection is gone, nothing was handed over. */
  cut(): Promise<void>;
}

/** A router as `runService` makes it, without a process of its own. */
export async function startRouter(
  mesh: TestMesh,
  stateDir: string,
  change: Partial<RouterConfig> = {},
  instead: Provider[] = [],
): Promise<TestRouter> {
  const config: RouterConfig = { ...DEFAULTS, natsUrl: mesh.url, keysDir: mesh.keysDir('router'), stateDir, ...change };
  const logger = createLogger({ service: 'router', level: config.logLevel });
  const bus = await Bus.connect({ service: 'router', account: 'CORE', url: mesh.url, keysDir: config.keysDir });
  const readiness = new Readiness();
  const values = [
    { provide: CONFIG, useValue: config },
    { provide: LOGGER, useValue: logger },
    { provide: KEYS, useValue: KeyRing.load(config.keysDir) },
    { provide: CORE_BUS, useValue: bus },
    { provide: Readiness, useValue: readiness },
  ];
  const runtime: DynamicModule = {
    module: RuntimeFixture,
    providers: values,
    exports: values.map((value) => value.provide),
  };
  const root: DynamicModule = {
    module: RouterFixture,
    imports: [runtime, PolicyModule],
    providers: [...ROUTER_PROVIDERS, ...instead],
  };
  const app: INestApplicationContext = await NestFactory.createApplicationContext(root, {
    logger: false,
    abortOnError: false,
  });
  const stop = async (): Promise<void> => {
    await app.close();
    await bus.drain(1_000);
  };
  const cut = async (): Promise<void> => {
    await bus.drain(0);
    void app.close();
  };
  return { partitions: app.get(PartitionsService), bus, readiness, stop, cut };
}

@Global()
@Module({})
class RuntimeFixture {}

@Module({})
class RouterFixture {}

/** How the model behaves, written into the first message of a run. */
export interface Plan {
  /** Calls by step; after the last one the answer. */
  steps: string[][];
  delayMs?: number;
  /** What a run below is asked to do. */
  below?: Plan;
}

/** The other services, played with their own users and keys. */
export class Workers {
  readonly inferred = new Map<string, number>();
  readonly ran = new Map<string, number>();
  /** The agent and the first message of each model call, by run and step. */
  readonly askedAs = new Map<string, string>();
  readonly cancelled: string[] = [];
  /** Unsafe calls whose worker dies after its claim. */
  orphans = 0;
  /** Calls under way now and at most, by tool; `models` for those of models. */
  readonly busy = new Map<string, { now: number; most: number }>();
  /** How long a tool takes, ms. */
  toolMs = 0;
  /** Until then no tool that takes time answers. */
  held: Promise<void> = Promise.resolve();

  private constructor(
    readonly guard: Bus,
    readonly inference: Bus,
    readonly tools: Bus,
    readonly memory: Bus,
  ) {}

  /** Without `inference` nobody makes model calls until `startInference`. */
  static async start(mesh: TestMesh, { inference = true } = {}): Promise<Workers> {
    const connect = (service: 'guard' | 'inference' | 'tool-runner' | 'memory') =>
      Bus.connect({ service, account: 'CORE', url: mesh.url, keysDir: mesh.keysDir(service) });
    const workers = new Workers(
      await connect('guard'),
      await connect('inference'),
      await connect('tool-runner'),
      await connect('memory'),
    );
    if (inference) await workers.startInference();
    await workers.tools.work('tool-runner-default', (message) => workers.#runTool(message as WorkMessage<ToolWorkV1>), {
      concurrency: 64,
    });
    await workers.memory.serve('sessionLoad', async ({ body, tenant }) => {
      await workers.memory.journal.append({ tenant, runId: body.runId }, 'session.loaded.v1', {
        attempt: body.attempt,
        messages: [],
        revision: 0,
        loadedAt: Date.now(),
      });
      return { ok: true as const };
    });
    await workers.memory.serve('sessionSave', async ({ body, tenant }) => {
      await workers.memory.journal.append({ tenant, runId: body.runId }, 'session.saved.v1', {
        attempt: body.attempt,
        revision: 1,
        savedAt: Date.now(),
      });
      return { ok: true as const };
    });
    workers.inference.subscribe('ctl', 'sb.v1.ctl.*.*', ({ subject }) => void workers.cancelled.push(subject));
    return workers;
  }

  async startInference(): Promise<void> {
    await this.inference.work('inference-default', (message) => this.#infer(message as WorkMessage<InferWorkV1>), {
      concurrency: 64,
    });
  }

  async stop(): Promise<void> {
    await Promise.all([this.guard, this.inference, this.tools, this.memory].map((bus) => bus.drain(500)));
  }

  async accept(plan: Plan, session?: string, agent = 'worker'): Promise<RunRef> {
    const requestId = newRequestId();
    const run = { tenant: TENANT, runId: runIdFor({ tenant: TENANT, requestId, session }) };
    const body = {
      ...run,
      requestId,
      sessionId: session ?? run.runId,
      principal: { keyId: 'key', userId: 'user' },
      agent,
      input: [{ role: 'user' as const, content: JSON.stringify(plan) }],
      redactions: {},
      ruleset: 'r1',
      stream: false,
      bundle: { version: 1, hash: 'a'.repeat(64) },
      acceptedAt: Date.now(),
    };
    await patiently(() => this.guard.journal.append(run, 'run.accepted.v1', body, { expectLastSeq: 0 }));
    return run;
  }

  async cancel(run: RunRef): Promise<void> {
    await this.guard.journal.append(run, 'run.cancel-requested.v1', {
      principal: { keyId: 'key', userId: 'user' },
      reason: 'enough',
      requestedAt: Date.now(),
    });
  }

  async hold(run: RunRef, kind: 'run.pause-requested.v1' | 'run.resume-requested.v1'): Promise<void> {
    await this.guard.journal.append(run, kind, {
      principal: { keyId: 'key', userId: 'user' },
      requestId: newRequestId(),
      reason: 'wait',
      requestedAt: Date.now(),
    });
  }

  async answer(run: RunRef, questionId: string): Promise<void> {
    await this.guard.journal.append(run, 'question.answered.v1', {
      principal: { keyId: 'key', userId: 'user' },
      questionId,
      choice: 'result',
      result: 'sent by hand',
      answeredAt: Date.now(),
    });
  }

  async #infer({ body, tenant }: WorkMessage<InferWorkV1>): Promise<void> {
    const { runId, step, attempt } = body;
    count(this.inferred, `${runId}:${step}:${attempt}`);
    this.askedAs.set(`${runId}:${step}`, `${body.agent}: ${body.messages[0]?.content}`);
    const plan = JSON.parse(body.messages.find((message) => message.role === 'user')!.content) as Plan;
    if (plan.delayMs !== undefined) await this.#during('models', plan.delayMs);
    const names = plan.steps[step - 1] ?? [];
    const delegated = JSON.stringify({ input: JSON.stringify(plan.below) });
    const toolCalls = names.map((name, index): ToolCall => ({
      callId: `x${index}`,
      name,
      arguments: name === 'delegate' ? delegated : '{"n":1}',
    }));
    const fact = {
      step,
      attempt,
      content: names.length > 0 ? '' : 'Done.',
      toolCalls,
      finish: names.length > 0 ? ('tool_calls' as const) : ('stop' as const),
      usage: { inputTokens: 10, outputTokens: 5 },
      costNanoUsd: 20,
      provider: 'default',
      upstream: 'fake',
      simulated: true,
      tries: [],
      redactions: {},
      completedAt: Date.now(),
    };
    await this.inference.journal.append({ tenant, runId }, 'model.completed.v1', fact, {
      id: `${runId}:${step}:${attempt}`,
    });
  }

  /** Calls in a row one after the other, until one is not to be made. */
  async #runTool({ body: { next = [], ...first }, tenant }: WorkMessage<ToolWorkV1>): Promise<void> {
    for (const call of [first, ...next]) if (!(await this.#makeCall({ ...first, ...call }, tenant))) return;
  }

  async #makeCall(body: ToolWorkV1, tenant: string): Promise<boolean> {
    const { runId, callId, attempt } = body;
    const run = { tenant, runId };
    if (body.effect === 'unsafe') {
      if (!(await this.#claim(run, body))) return false;
      if (this.orphans > 0) {
        this.orphans -= 1;
        return false;
      }
    }
    count(this.ran, `${runId}:${callId}`);
    if (this.toolMs > 0) await this.#during(body.tool, this.toolMs, this.held);
    const receipt = {
      driver: 'fake',
      mechanisms: [],
      limits: body.limits,
      usage: { wallMs: 1, cpuMs: 1, memoryPeakBytes: 1, outputBytes: 1 },
      killCause: 'none' as const,
      egress: [],
    };
    const fact = {
      callId,
      attempt,
      result: 'found',
      truncated: false,
      redactions: {},
      receipt,
      completedAt: Date.now(),
    };
    await this.tools.journal.append(run, 'tool.completed.v1', fact, { id: `${runId}:${callId}:${attempt}` });
    return true;
  }

  async #during(what: string, ms: number, held?: Promise<void>): Promise<void> {
    const busy = this.busy.get(what) ?? { now: 0, most: 0 };
    this.busy.set(what, busy);
    busy.now += 1;
    busy.most = Math.max(busy.most, busy.now);
    await wait(ms);
    await held;
    busy.now -= 1;
  }

  async #claim(run: RunRef, { callId, attempt, argumentsHash }: ToolWorkV1): Promise<boolean> {
    for (;;) {
      const state = foldJournal(await this.tools.journal.read(run));
      if (!mayBegin(state, callId, attempt).ok) return false;
      try {
        await this.tools.journal.append(
          run,
          'tool.began.v1',
          { callId, attempt, worker: 'w1', argumentsHash, beganAt: Date.now() },
          { expectLastSeq: state.seq },
        );
        return true;
      } catch (error) {
        if (MeshError.from(error).code !== 'SEQUENCE_CONFLICT') throw error;
      }
    }
  }
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

/** Again while the bus is away. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (MeshError.from(error).retry !== 'backoff') throw error;
      await wait(100);
    }
  }
}
