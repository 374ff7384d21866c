import { createHash } from 'node:crypto';
import {
  type AccountName,
  type ConsumerName,
  CONSUMERS,
  type ConsumerSpec,
  type InferWorkV1,
  type JournalBody,
  type JournalEntry,
  OBJECT_STORES,
  runIdFor,
  type RunRequestV1,
  type ServiceName,
  type ToolWorkV1,
} from '@signalbox/contracts';
import { newRequestId, sha256Hex } from '@signalbox/kernel';
import { startMesh, type TestMesh } from '@signalbox/testing';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Bus } from './bus.js';
import { ClaimStore } from './claim-check.js';
import { Codec } from './codec.js';
import { Connection } from './connection.js';
import { KeyRing } from './key-ring.js';
import { connectService } from './provision/user-connection.js';
import { Publisher } from './publisher.js';
import type { BusLogger, RunRef } from './types.js';
import { Worker, type WorkHandler } from './work-consumer.js';

export const TENANT = 'acme';
const MS = 1_000_000;

/** A log that can be read. */
export class Log implements BusLogger {
  readonly lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  debug = (fields: Record<string, unknown>, message: string): void => this.#add('debug', fields, message);
  info = (fields: Record<string, unknown>, message: string): void => this.#add('info', fields, message);
  warn = (fields: Record<string, unknown>, message: string): void => this.#add('warn', fields, message);
  error = (fields: Record<string, unknown>, message: string): void => this.#add('error', fields, message);

  #add(level: string, fields: Record<string, unknown>, message: string): void {
    this.lines.push({ level, message, fields });
  }

  has(message: string): boolean {
    return this.lines.some((line) => line.message.includes(message));
  }
}

export interface Fixture {
  mesh: TestMesh;
  log: Log;
  bus(service: ServiceName, account?: AccountName): Promise<Bus>;
  /** A service's own user without our library: what a broken or hostile process could do. */
  raw(service: ServiceName, account?: AccountName): Promise<NatsConnection>;
  admin(account?: AccountName): Promise<JetStreamManager>;
  keys(service: ServiceName): KeyRing;
  /** A worker whose durable has been given other times and tries. */
  worker(name: ConsumerName, change: Partial<ConsumerSpec>, handler: WorkHandler, concurrency: number): Promise<Worker>;
  /** Resolves when the server has taken notice of the bus's subscriptions. */
  settled(bus: Bus): Promise<void>;
  /** What is left when a worker's process dies: its connection is gone, nothing was said. */
  cut(worker: Worker): Promise<void>;
  stop(): Promise<void>;
}

export async function startFixture(options: { binary?: string } = {}): Promise<Fixture> {
  const mesh = await startMesh({ tenants: [TENANT, 'globex'], ...options });
  const log = new Log();
  const open: (() => Promise<unknown>)[] = [];
  const connections = new Map<Worker, Connection>();
  const keys = (service: ServiceName): KeyRing => KeyRing.load(mesh.keysDir(service));
  const raw = async (service: ServiceName, account: AccountName = 'CORE'): Promise<NatsConnection> => {
    const nc = await connectService({ url: mesh.url, keysDir: mesh.keysRoot }, service, account);
    open.push(() => nc.close());
    return nc;
  };
  const admin = async (account: AccountName = 'CORE'): Promise<JetStreamManager> =>
    jetstreamManager(await raw('provisioner', account), { checkAPI: false });
  return {
    mesh,
    log,
    raw,
    admin,
    keys,
    bus: async (service, account = 'CORE') => {
      const bus = await Bus.connect({ service, account, url: mesh.url, keysDir: mesh.keysDir(service), logger: log });
      open.push(() => bus.drain(2_000));
      return bus;
    },
    worker: async (name, change, handler, concurrency) => {
      const spec = { ...CONSUMERS[name], ...change };
      const settings = { ack_wait: spec.ackWaitMs * MS, max_deliver: spec.deliverMax };
      await (await admin(spec.account)).consumers.update(spec.stream, spec.durable, settings);
      const service = (spec.account === 'GATE' ? 'guard' : spec.durable.replace('-default', '')) as ServiceName;
      const connection = await Connection.open({
        service,
        account: spec.account,
        url: mesh.url,
        keys: keys(service),
        logger: log,
      });
      const publisher = new Publisher(connection);
      const claims = { work: new ClaimStore(connection, publisher, OBJECT_STORES.artifacts), journals: null };
      const codec = new Codec(spec.account, service, keys(service), claims);
      const worker = new Worker({ connection, publisher, codec }, spec, handler, concurrency);
      connections.set(worker, connection);
      open.push(async () => {
        await worker.drain(0);
        publisher.close();
        await connection.nc.close();
      });
      return worker;
    },
    settled: async (bus) => void (await bus.health()),
    cut: async (worker) => connections.get(worker)?.nc.close(),
    stop: async () => {
      await Promise.allSettled(open.splice(0).map((close) => close()));
      await mesh.stop();
    },
  };
}

export function newRun(session = 'session'): RunRef & { partition: string } {
  const runId = runIdFor({ tenant: TENANT, requestId: newRequestId(), session });
  return { tenant: TENANT, runId, partition: runId.slice(4, 6) };
}

export function timerFired(timer: string): JournalBody<'timer.fired.v1'> {
  return { timer, firedAt: 1_700_000_000_000 };
}

export function timerOf(entry: JournalEntry | null): string | undefined {
  return entry?.kind === 'timer.fired.v1' ? entry.body.timer : undefined;
}

export function decision(reason: string): JournalBody<'decision.v1'> {
  return {
    head: sha256Hex(reason),
    decidedAt: 1_700_000_000_000,
    engine: 1,
    events: [{ type: 'session.skipped', reason }],
  };
}

export function cancelRequested(reason: string): JournalBody<'run.cancel-requested.v1'> {
  return { principal: { keyId: 'key', userId: 'user' }, reason, requestedAt: 1_700_000_000_000 };
}

/** A session of about `bytes` bytes. */
export function sessionLoaded(bytes: number): JournalBody<'session.loaded.v1'> {
  const content = createHash('sha256')
    .update(String(bytes))
    .digest('hex')
    .repeat(Math.ceil(bytes / 64))
    .slice(0, bytes);
  return { attempt: 0, messages: [{ role: 'user', content }], revision: 1, loadedAt: 1_700_000_000_000 };
}

export function runRequest(text: string): RunRequestV1 {
  return {
    keyDigest: sha256Hex('key'),
    requestId: newRequestId(),
    agent: 'clerk',
    input: [{ role: 'user', content: text }],
    stream: false,
  };
}

export function inferWork(run: RunRef = newRun()): InferWorkV1 {
  return {
    runId: run.runId,
    tenant: run.tenant,
    step: 1,
    attempt: 0,
    dispatch: 0,
    agent: 'clerk',
    model: {
      id: 'model',
      provider: 'default',
      inputNanoUsdPerToken: 1,
      outputNanoUsdPerToken: 1,
      outputTokensMax: 100,
      timeoutMs: 1_000,
    },
    messages: [{ role: 'user', content: 'Hello.' }],
    tools: [],
    outputTokensMax: 100,
    stream: false,
    bundle: { version: 1, hash: sha256Hex('bundle') },
    deadlineAt: 1_800_000_000_000,
  };
}

export function toolWork(callId: string, run: RunRef = newRun()): ToolWorkV1 {
  return {
    runId: run.runId,
    tenant: run.tenant,
    callId,
    step: 1,
    attempt: 0,
    dispatch: 0,
    agent: 'clerk',
    userId: 'user',
    tool: 'clock',
    arguments: '{}',
    argumentsHash: sha256Hex('{}'),
    effect: 'pure',
    tier: 'T0',
    limits: { wallMs: 1_000, cpuMs: 1_000, memoryBytes: 16_777_216, pidsMax: 1, outputBytesMax: 1_000, tmpBytesMax: 0 },
    idempotencyKey: sha256Hex(callId),
    bundle: { version: 1, hash: sha256Hex('bundle') },
    deadlineAt: 1_800_000_000_000,
  };
}
