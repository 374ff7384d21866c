import { Bus, type RawEntry, type WorkConsumer, type WorkMessage } from '@signalbox/bus';
import {
  type CedarPolicy,
  type InferWorkV1,
  type JournalBody,
  type PolicyBundleV1,
  subjects,
  type TokenDeltaV1,
  type VaultDepositV1,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { bundleKey, floorMemory, PolicyStore, signBundle, watchBundles } from '@signalbox/policy-engine';
import { openFromVault, tenantPseudonymKey, tokenFor } from '@signalbox/privacy';
import { createLogger } from '@signalbox/telemetry';
import { startMesh, type TestMesh } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenAiCompatibleProvider } from '../providers/adapters/openai-compatible.provider.js';
import { ProvidersService } from '../providers/providers.service.js';
import { type RunningSimulator, runSimulator } from '../running-apps.fixture.js';
import { BusCallsAdapter } from './adapters/bus-calls.adapter.js';
import { CallsHandler } from './calls.handler.js';
import { CallsService } from './calls.service.js';
import { bundleFor, workFor } from './work.fixture.js';

let mesh: TestMesh;
let simulator: RunningSimulator;
let router: Bus;
let guard: Bus;
let policy: Bus;
let inference: Inference;
const deposits: VaultDepositV1[] = [];
/** Set to let the vault refuse so many deposits. */
const vault = { failuresLeft: 0 };

const logger = createLogger({ service: 'inference', level: 'fatal' });

interface Inference {
  worker: WorkConsumer;
  bus: Bus;
  providers: ProvidersService;
}

const connect = (service: 'router' | 'guard' | 'policy' | 'inference'): Promise<Bus> =>
  Bus.connect({ service, account: 'CORE', url: mesh.url, keysDir: mesh.keysDir(service) });

/** The service as its module wires it, without Nest round it. */
async function startInference(): Promise<Inference> {
  const bus = await connect('inference');
  const policies = new PolicyStore({ publicKey: bus.keys.publicKey('bundle-sign'), floors: floorMemory() });
  watchBundles(await bus.bucket('policy'), policies);
  const provider = new OpenAiCompatibleProvider({
    name: 'default',
    url: simulator.url,
    connectionsMax: 16,
    connectTimeoutMs: 1_000,
    firstByteTimeoutMs: 2_000,
    idleTimeoutMs: 2_000,
    answerBytesMax: 4_194_304,
  });
  const providers = new ProvidersService([provider], {
    attemptsMax: 2,
    retryBaseMs: 1,
    retryCapMs: 1_000,
    breakerWindowMs: 10_000,
    breakerVolumeMin: 1_000,
    breakerErrorPercent: 50,
    breakerResetMs: 1_000,
  });
  const calls = new CallsService({
    port: new BusCallsAdapter(bus, bus.keys, { depositTimeoutMs: 1_000 }),
    providers,
    policies,
    tenantKey: (tenant) => tenantPseudonymKey(bus.keys.secret('pseudonym'), tenant),
    upstreamDefault: 'signalbox-simulation',
    logger,
  });
  const handler = new CallsHandler(calls);
  bus.subscribe('ctl', 'sb.v1.ctl.*.*', (message) => handler.cancelled(message.body, message));
  const worker = await bus.work(
    'inference-default',
    (message) => handler.infer(message.body as InferWorkV1, message as WorkMessage<InferWorkV1>),
    {
      concurrency: 8,
    },
  );
  return { worker, bus, providers };
}

async function stopInference(one: Inference, drainMs = 5_000): Promise<void> {
  await one.worker.drain(drainMs);
  await one.providers.close();
  await one.bus.drain(1_000);
}

beforeAll(async () => {
  [mesh, simulator] = await Promise.all([startMesh(), runSimulator()]);
  [router, guard, policy] = await Promise.all([connect('router'), connect('guard'), connect('policy')]);
  await guard.serve('vaultDeposit', async ({ body }) => {
    if (vault.failuresLeft-- > 0) throw new MeshError('STORE_UNAVAILABLE', 'no vault now');
    deposits.push(body);
    return { ok: true as const };
  });
  const signed = signBundle(bundleFor('acme'), policy.keys.privateKey('bundle-sign'), 'test');
  await (await policy.bucket('policy')).put(bundleKey('acme'), JSON.stringify(signed));
  inference = await startInference();
});

afterAll(async () => {
  await stopInference(inference);
  await Promise.all([router, guard, policy].map((bus) => bus.drain(1_000)));
  await Promise.all([simulator.stop(), mesh.stop()]);
});

const dispatch = (work: InferWorkV1) =>
  router.publish('workInfer', subjects.workInfer(work.model.provider, work.tenant), work);

async function outcome(work: InferWorkV1): Promise<RawEntry> {
  let entries: RawEntry[] = [];
  await expect
    .poll(async () => (entries = await router.journal.read(work)).length, { timeout: 20_000 })
    .toBeGreaterThan(0);
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({ seal: 'verified', entry: { author: 'inference' } });
  return entries[0]!;
}

async function completed(work: InferWorkV1): Promise<JournalBody<'model.completed.v1'>> {
  const { entry } = await outcome(work);
  expect(entry?.kind, JSON.stringify(entry?.body)).toBe('model.completed.v1');
  return entry?.body as JournalBody<'model.completed.v1'>;
}

async function failed(work: InferWorkV1): Promise<JournalBody<'model.failed.v1'>> {
  const { entry } = await outcome(work);
  expect(entry?.kind, JSON.stringify(entry?.body)).toBe('model.failed.v1');
  return entry?.body as JournalBody<'model.failed.v1'>;
}

/** Listens to the live side of the token stream of a run. */
function watch(work: InferWorkV1): TokenDeltaV1[] {
  const deltas: TokenDeltaV1[] = [];
  guard.subscribe('tok', subjects.live(work.tenant, work.runId), ({ body }) => void deltas.push(body));
  return deltas;
}

const tokenOf = (piiClass: 'EMAIL' | 'PERSON', value: string): string =>
  tokenFor(tenantPseudonymKey(inference.bus.keys.secret('pseudonym'), 'acme'), piiClass, value);

describe('a model call over the bus', () => {
  it('ends as one fact: answer, usage, cost, and that it was a simulation', async () => {
    const work = workFor([{ text: 'Good day.', usage: { inputTokens: 100, outputTokens: 7 } }]);
    await dispatch(work);
    expect(await completed(work)).toMatchObject({
      step: 0,
      attempt: 0,
      content: 'Good day.',
      toolCalls: [],
      finish: 'stop',
      usage: { inputTokens: 100, outputTokens: 7 },
      costNanoUsd: 100 * 10 + 7 * 30,
      provider: 'default',
      upstream: 'signalbox-simulation',
      simulated: true,
      redactions: {},
      tries: [{ provider: 'default', upstream: 'signalbox-simulation' }],
    });
  });

  it('streams what it then says, in order, and nothing where nobody asked for a stream', async () => {
    const text = 'Some words of an answer that is long enough to be sent in more than one piece. '.repeat(20);
    const work = workFor([{ text, wordDelayMs: 1 }], { stream: true });
    const silent = workFor([{ text }]);
    const deltas = watch(work);
    const none = watch(silent);
    await Promise.all([dispatch(work), dispatch(silent)]);
    const { content } = await completed(work);
    expect((await completed(silent)).content).toBe(content);
    await expect.poll(() => deltas.map((delta) => delta.text).join('')).toBe(content);
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.map(({ index }) => index)).toEqual(deltas.map((_, n) => n));
    expect(none).toEqual([]);
  });

  it('shows the model placeholders and keeps pseudonyms, plain and streamed', async () => {
    const ada = tokenOf('PERSON', 'Ada Lovelace');
    const mail = tokenOf('EMAIL', 'ada@example.org');
    for (const stream of [false, true]) {
      const work = workFor(`I am ${ada}, ${mail}`, { stream });
      const deltas = watch(work);
      await dispatch(work);
      const { content, redactions } = await completed(work);
      expect(content).toContain(ada);
      expect(content).toContain(mail);
      expect(content).not.toMatch(/\[(PERSON|EMAIL)_1\]/);
      expect(redactions).toEqual({});
      if (stream) await expect.poll(() => deltas.map((delta) => delta.text).join('')).toBe(content);
    }
  });

  it('keeps what a provider brings in out of the bus, but for the vault, sealed', async () => {
    const step = {
      text: 'Write to {{invent:email}}.',
      tools: [{ name: 'send', raw: '{"to":"{{invent:email}}","card":"{{invent:card}}"}' }],
    };
    const work = workFor([step], { stream: true });
    const deltas = watch(work);
    await dispatch(work);
    const fact = await completed(work);
    const mail = tokenOf('EMAIL', 'nora.lind@example.org');
    expect(fact.content).toBe(`Write to ${mail}.`);
    expect(fact.redactions).toEqual({ EMAIL: 1, CARD: 1 });
    expect(fact.toolCalls).toMatchObject([{ callId: 'call_0_0', name: 'send' }]);
    await expect.poll(() => deltas.map((delta) => delta.text).join('')).toBe(fact.content);
    expect(JSON.stringify([fact, deltas, deposits])).not.toMatch(/nora\.lind|4111/);
    const item = deposits.flatMap(({ items }) => items).find(({ token }) => token === mail);
    const { x = '', d = '' } = guard.keys.privateKey('vault-x25519').export({ format: 'jwk' });
    const opened = openFromVault({ publicKey: x, privateKey: d }, { tenant: 'acme', token: mail }, item?.sealed ?? '');
    expect(opened).toMatchObject({ class: 'EMAIL', value: 'nora.lind@example.org' });
  });

  it('appends nothing before the vault has the values', async () => {
    vault.failuresLeft = 2;
    const before = deposits.length;
    const work = workFor([{ text: 'Write to {{invent:phone}} today.' }]);
    await dispatch(work);
    expect((await completed(work)).redactions).toEqual({ PHONE: 1 });
    expect([deposits.length > before, vault.failuresLeft < 0]).toEqual([true, true]);
  });

  it('tries again within the call, and tells each try', async () => {
    const work = workFor([{ fail: 503, failTimes: 1, text: 'now' }], { stream: true });
    await dispatch(work);
    const { content, tries } = await completed(work);
    expect([content, tries.map(({ error }) => error?.code)]).toEqual(['now', ['PROVIDER_UNAVAILABLE', undefined]]);
  });

  it('does not begin anew once words are out', async () => {
    const words = 'word '.repeat(400);
    const work = workFor([{ text: words, hang: 'midway', wordDelayMs: 100 }], {
      stream: true,
      model: { ...workFor('').model, timeoutMs: 1_500 },
    });
    const deltas = watch(work);
    await dispatch(work);
    expect(await failed(work)).toMatchObject({
      error: { code: 'PROVIDER_TIMEOUT' },
      tries: [{ error: { code: 'PROVIDER_TIMEOUT' } }],
    });
    expect(deltas.length).toBeGreaterThan(0);
  });

  it.each([
    ['a refusal', [{ fail: 400 }], 'PROVIDER_REJECTED'],
    ['garbage', [{ garbage: true }], 'PROVIDER_GARBAGE'],
    ['a cut', [{ cut: true, text: 'one two three four five' }], 'PROVIDER_CUT'],
    ['a provider that asks to wait long', [{ fail: 429, retryAfterS: 30 }], 'PROVIDER_RATE_LIMITED'],
  ])('tells %s as a failure', async (_name, steps, code) => {
    for (const stream of [false, true]) {
      const work = workFor(steps, { stream });
      await dispatch(work);
      expect((await failed(work)).error.code).toBe(code);
    }
  });

  it.each([
    ['the deadline has passed', { deadlineAt: 1 }, 'PROVIDER_TIMEOUT'],
    ['there is no such agent', { agent: 'nobody' }, 'AGENT_UNKNOWN'],
    ['the policy gives another model', { model: { ...workFor('').model, id: 'other' } }, 'AGENT_DENIED'],
  ])('asks no provider where %s', async (_name, overrides, code) => {
    const before = (await simulator.stats()).requests;
    const work = workFor([{ text: 'x' }], overrides);
    await dispatch(work);
    expect(await failed(work)).toMatchObject({ error: { code }, tries: [] });
    expect((await simulator.stats()).requests).toBe(before);
  });

  it('stops a call whose run is cancelled', async () => {
    const work = workFor([{ hang: true }]);
    await dispatch(work);
    await expect.poll(async () => (await simulator.stats()).running).toBe(1);
    await router.publish('ctl', subjects.ctl(work.tenant, work.runId), { reason: 'enough' });
    expect((await failed(work)).error.code).toBe('RUN_CANCELLED');
    await expect.poll(async () => (await simulator.stats()).running).toBe(0);
  });

  it('makes no attempt twice that the journal knows the outcome of', async () => {
    const work = workFor([{ text: 'once' }]);
    await dispatch(work);
    await completed(work);
    const before = (await simulator.stats()).requests;
    await dispatch({ ...work, dispatch: 1 });
    await expect.poll(() => inference.worker.stats().running + inference.worker.stats().waiting).toBe(0);
    const next = workFor([{ text: 'next' }]);
    await dispatch(next);
    await completed(next);
    expect((await simulator.stats()).requests).toBe(before + 1);
    expect(await router.journal.read(work)).toHaveLength(1);
  });

  it('gives back at a stop what it cannot end in time, for another to do', async () => {
    const work = workFor([{ hang: true, failTimes: 1, text: 'second' }], {
      deadlineAt: Date.now() + 60_000,
      model: { ...workFor('').model, timeoutMs: 50_000 },
    });
    await dispatch(work);
    await expect.poll(async () => (await simulator.stats()).running).toBe(1);
    await stopInference(inference, 100);
    expect(await router.journal.read(work)).toEqual([]);
    inference = await startInference();
    expect((await completed(work)).content).toBe('second');
  });
});

describe('where a model may be asked', () => {
  const publish = async (version: number, change: Partial<PolicyBundleV1>): Promise<void> => {
    const bundle = { ...bundleFor('acme'), version, ...change };
    const signed = signBundle(bundle, policy.keys.privateKey('bundle-sign'), 'test');
    await (await policy.bucket('policy')).put(bundleKey('acme'), JSON.stringify(signed));
  };
  const failure = async (change: Partial<InferWorkV1> = {}): Promise<JournalBody<'model.failed.v1'> | null> => {
    const work = workFor('Hello.', change);
    await dispatch(work);
    const { entry } = await outcome(work);
    return entry?.kind === 'model.failed.v1' ? entry.body : null;
  };
  const until = (code: string | undefined, change?: Partial<InferWorkV1>): Promise<void> =>
    expect.poll(async () => (await failure(change))?.error.code, { timeout: 20_000 }).toBe(code);
  const model = (regions?: string[]) => [{ ...bundleFor('acme').models[0]!, ...(regions ? { regions } : {}) }];

  it('is decided here by the policy in force and by the work, whatever the router chose', async () => {
    expect((await failure({ regions: ['eu'] }))?.error.code).toBe('REGION_DENIED');
    await publish(2, {
      models: model(['us']),
      residencies: [{ id: 'r', agents: '*', regions: ['eu'], description: '' }],
    });
    await until('REGION_DENIED');
    await publish(3, {
      models: model(['eu']),
      residencies: [{ id: 'r', agents: '*', regions: ['eu'], description: '' }],
    });
    await until(undefined);
    expect((await failure({ regions: ['us'] }))?.error.code).toBe('REGION_DENIED');
  });

  it('is asked of policies, once one is about it', async () => {
    const only: CedarPolicy = {
      id: 'only-other',
      text: 'permit by agent',
      description: '',
      json: {
        effect: 'permit',
        principal: { op: '==', entity: { type: 'Agent', id: 'other' } },
        action: { op: '==', entity: { type: 'Action', id: 'infer' } },
        resource: { op: 'All' },
        conditions: [],
      },
    };
    await publish(4, { policies: [only] });
    await until('AGENT_DENIED');
    expect(await failure()).toMatchObject({ decision: { outcome: 'deny', kind: 'default', bundle: { version: 4 } } });
    const json = { ...only.json, principal: { op: 'All' } };
    await publish(5, { policies: [{ ...only, json }] });
    await until(undefined);
    const work = workFor('Hello.');
    await dispatch(work);
    expect(await completed(work)).toMatchObject({ decision: { outcome: 'permit', policies: ['only-other'] } });
  });
});
