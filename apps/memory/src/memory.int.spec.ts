import { startService } from '@signalbox/app-runtime';
import { type Bucket, Bus, KeyRing } from '@signalbox/bus';
import {
  type CedarPolicy,
  type JournalBody,
  type Message,
  type PolicyBundleV1,
  runIdFor,
  type SessionLoadV1,
  type SessionSaveV1,
  type SessionStateV1,
  subjects,
} from '@signalbox/contracts';
import { newRequestId, parseJson } from '@signalbox/kernel';
import { bundleKey, signBundle } from '@signalbox/policy-engine';
import { startMesh, testFolder, type TestMesh, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { AppModule } from './app.module.js';
import type { MemoryConfig } from './config.js';

type SessionState = z.infer<typeof SessionStateV1>;

const TENANT = 'acme';
const TIMEOUT_MS = 10_000;
const user = (content: string): Message => ({ role: 'user', content });
const answer = (content: string): Message => ({ role: 'assistant', content });

describe('memory', () => {
  let mesh: TestMesh;
  let router: Bus;
  let bucket: Bucket;
  let policy: Bucket;
  let sessions = 0;
  const open: (() => Promise<unknown>)[] = [];

  const startMemory = async (change: Partial<MemoryConfig> = {}): Promise<() => Promise<void>> => {
    const config: MemoryConfig = {
      natsUrl: mesh.url,
      keysDir: mesh.keysDir('memory'),
      stateDir: testFolder('memory-state'),
      listenHost: '127.0.0.1',
      healthPort: 0,
      logLevel: 'fatal',
      drainMs: 2_000,
      sessionMessagesMax: 20,
      sessionBytesMax: 4_096,
      compactEntries: true,
      slots: 16,
      ...change,
    };
    const memory = await startService({ service: 'memory', config, module: AppModule });
    open.push(() => memory.close());
    return () => memory.close();
  };
  const publish = async (tenant: string, version: number, policies: CedarPolicy[] = []): Promise<void> => {
    const bundle: PolicyBundleV1 = {
      format: 1,
      tenant,
      version,
      parentHash: null,
      issuedAt: Date.now() - 1_000,
      expiresAt: Date.now() + 3_600_000,
      agents: [],
      tools: [],
      rules: [],
      models: [],
      keys: [],
      policies,
    };
    const signed = signBundle(bundle, KeyRing.load(mesh.keysDir('policy')).privateKey('bundle-sign'), 'test');
    await policy.put(bundleKey(tenant), JSON.stringify(signed));
  };
  beforeAll(async () => {
    mesh = await startMesh({ tenants: [TENANT, 'globex'] });
    const connect = async (service: 'router' | 'memory' | 'policy'): Promise<Bus> => {
      const bus = await Bus.connect({ service, account: 'CORE', url: mesh.url, keysDir: mesh.keysDir(service) });
      open.push(() => bus.drain(1_000));
      return bus;
    };
    router = await connect('router');
    policy = await (await connect('policy')).bucket('policy');
    for (const tenant of [TENANT, 'globex']) await publish(tenant, 1);
    bucket = await (await connect('memory')).bucket('sessions');
    // Two of them: each request goes to either.
    await startMemory();
    await startMemory();
  });
  afterAll(async () => {
    await Promise.all(open.map((close) => close()));
    await mesh.stop();
  });

  const newSession = (): string => `session-${sessions++}`;
  const newRun = (session: string): string => runIdFor({ tenant: TENANT, requestId: newRequestId(), session });
  const load = async (sessionId: string, change: Partial<SessionLoadV1> = {}): Promise<Message[]> => {
    const ask = { runId: newRun(sessionId), tenant: TENANT, sessionId, attempt: 1, messagesMax: 100, ...change };
    await router.request('sessionLoad', subjects.svc('memory', 'load', TENANT), ask, { timeoutMs: TIMEOUT_MS });
    const last = await router.journal.last({ tenant: TENANT, runId: ask.runId });
    expect(last?.seal).toBe('verified');
    if (last?.entry?.kind !== 'session.loaded.v1') throw new Error('nothing was loaded');
    return last.entry.body.messages;
  };
  const save = async (
    sessionId: string,
    messages: Message[],
    runId = newRun(sessionId),
    attempt = 1,
    more: Partial<SessionSaveV1> = {},
  ): Promise<string> => {
    const ask = { runId, tenant: TENANT, sessionId, attempt, messages, ...more };
    await router.request('sessionSave', subjects.svc('memory', 'save', TENANT), ask, { timeoutMs: TIMEOUT_MS });
    return runId;
  };
  const stored = async (sessionId: string): Promise<SessionState> => {
    const entry = await bucket.get(`${TENANT}.${sessionId}`);
    return parseJson(entry!.value) as SessionState;
  };

  it('loads nothing where there is nothing yet', async () => {
    await expect(load(newSession())).resolves.toEqual([]);
  });

  it('loads what earlier runs said, in their order', async () => {
    const session = newSession();
    await save(session, [user('a'), answer('b')]);
    await save(session, [user('c'), answer('d')]);
    await expect(load(session)).resolves.toEqual([user('a'), answer('b'), user('c'), answer('d')]);
    await expect(load(session, { messagesMax: 2 })).resolves.toEqual([user('c'), answer('d')]);
    await expect(load(session, { messagesMax: 0 })).resolves.toEqual([]);
  });

  it('saves a run once, however often it is asked to', async () => {
    const session = newSession();
    const runId = await save(session, [user('a'), answer('b')]);
    await save(session, [user('c')]);
    const { revision } = (await bucket.get(`${TENANT}.${session}`))!;
    await save(session, [user('a'), answer('b')], runId, 2);
    await expect(load(session)).resolves.toEqual([user('a'), answer('b'), user('c')]);
    expect((await bucket.get(`${TENANT}.${session}`))?.revision).toBe(revision);
    const said = await router.journal.read({ tenant: TENANT, runId });
    expect(said.map(({ entry }) => (entry?.kind === 'session.saved.v1' ? entry.body.attempt : entry?.kind))).toEqual([
      1, 2,
    ]);
  });

  it('loses nothing when many save at once', async () => {
    const session = newSession();
    const contents = Array.from({ length: 10 }, (_, index) => `turn ${index}`);
    await Promise.all(contents.map((content) => save(session, [user(content)])));
    const messages = await load(session);
    expect(messages.map(({ content }) => content).toSorted()).toEqual(contents.toSorted());
    expect((await stored(session)).runs).toHaveLength(10);
  });

  it('keeps the newest whole turns within its number of messages', async () => {
    const session = newSession();
    const call: Message = {
      role: 'assistant',
      content: '',
      toolCalls: [{ callId: 'call_1_0', name: 'look', arguments: '{}' }],
    };
    const found: Message = { role: 'tool', content: 'found', callId: 'call_1_0' };
    for (let turn = 0; turn < 6; turn++)
      await save(session, [user(`question ${turn}`), call, found, answer(`answer ${turn}`)]);
    const messages = await load(session);
    expect(messages).toHaveLength(20);
    expect(messages[0]).toEqual(user('question 1'));
    // A smaller wish cuts between turns as well: no tool answer without its call.
    expect((await load(session, { messagesMax: 7 })).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
    ]);
  });

  it('keeps within its bytes, also of a single message', async () => {
    const session = newSession();
    for (let turn = 0; turn < 5; turn++) await save(session, [user('€'.repeat(400)), answer(`answer ${turn}`)]);
    expect(Buffer.byteLength(JSON.stringify((await stored(session)).messages))).toBeLessThanOrEqual(4_096);
    expect((await load(session)).at(-1)).toEqual(answer('answer 4'));
    await save(session, [user('x'.repeat(600_000)), answer('y'.repeat(600_000))]);
    const messages = await load(session);
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThanOrEqual(4_096);
    await save(session, [user('next'), answer('fine')]);
    expect((await load(session)).at(-1)).toEqual(answer('fine'));
  });

  it('begins anew after someone deleted the session', async () => {
    const session = newSession();
    await save(session, [user('a')]);
    await bucket.delete(`${TENANT}.${session}`);
    await expect(load(session)).resolves.toEqual([]);
    await save(session, [user('b')]);
    await expect(load(session)).resolves.toEqual([user('b')]);
  });

  it.each(['a.b', '*', '>', 'a b', '../x', '', 'ä', `s${'x'.repeat(64)}`])(
    'takes no session named %j',
    async (sessionId) => {
      const runId = newRun('some');
      const ask = { runId, tenant: TENANT, sessionId, attempt: 1, messagesMax: 10 };
      const asked = router.request('sessionLoad', subjects.svc('memory', 'load', TENANT), ask, {
        timeoutMs: TIMEOUT_MS,
      });
      await expect(asked).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    },
  );

  it("takes nothing into another tenant's sessions", async () => {
    const session = newSession();
    await save(session, [user('secret')]);
    const ask = { runId: newRun(session), tenant: TENANT, sessionId: session, attempt: 1, messagesMax: 10 };
    const asked = router.request('sessionLoad', subjects.svc('memory', 'load', 'globex'), ask, {
      timeoutMs: TIMEOUT_MS,
    });
    await expect(asked).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('keeps a conversation where any run of it had to stay', async () => {
    const session = newSession();
    const loaded = async (): Promise<JournalBody<'session.loaded.v1'>> => {
      const runId = newRun(session);
      await load(session, { runId });
      const last = await router.journal.last({ tenant: TENANT, runId });
      return last!.entry!.body as JournalBody<'session.loaded.v1'>;
    };
    await save(session, [user('a')]);
    expect((await loaded()).regions).toBeUndefined();
    await save(session, [user('b')], newRun(session), 1, { regions: ['eu', 'ch'] });
    await save(session, [user('c')], newRun(session), 1, { regions: ['ch', 'us'] });
    await save(session, [user('d')]);
    expect((await loaded()).regions).toEqual(['ch']);
  });

  it('is asked of policy, once one is about it: what may not be read is not told, what may not be written is not kept', async () => {
    const session = newSession();
    await save(session, [user('a')]);
    const readers: CedarPolicy = {
      id: 'readers',
      text: 'permit by agent',
      description: '',
      json: {
        effect: 'permit',
        principal: { op: '==', entity: { type: 'Agent', id: 'reader' } },
        action: {
          op: 'in',
          entities: ['recall', 'remember'].map((id) => ({ type: 'Action', id })),
        },
        resource: { op: 'All' },
        conditions: [],
      },
    };
    await publish(TENANT, 2, [readers]);
    const other = { agent: 'other', userId: 'ann' };
    const reader = { agent: 'reader', userId: 'ann' };
    const isDenied = async (): Promise<boolean> => (await load(session, other)).length === 0;
    await waitFor(isDenied, { timeoutMs: TIMEOUT_MS, what: 'the policy to be in force' });
    await waitFor(async () => (await load(session, reader)).length === 1, {
      timeoutMs: TIMEOUT_MS,
      what: 'both to have it',
    });
    for (let round = 0; round < 4; round++) await save(session, [user('hidden')], newRun(session), 1, other);
    const runId = newRun(session);
    await save(session, [user('b')], runId, 1, reader);
    expect(await load(session, reader)).toEqual([user('a'), user('b')]);
    expect((await router.journal.last({ tenant: TENANT, runId }))?.entry?.body).toMatchObject({
      decision: { outcome: 'permit', policies: ['readers'], bundle: { version: 2 } },
    });
    await publish(TENANT, 3);
    await waitFor(async () => (await load(session, other)).length === 2, {
      timeoutMs: TIMEOUT_MS,
      what: 'no policy about it',
    });
  });

  it('tells and keeps nothing for a tenant without a policy in force', async () => {
    const ask = { runId: newRun('s'), tenant: 'nobody', sessionId: 's', attempt: 1, messagesMax: 10 };
    const asked = router.request('sessionLoad', subjects.svc('memory', 'load', 'nobody'), ask, {
      timeoutMs: TIMEOUT_MS,
    });
    await expect(asked).rejects.toMatchObject({ code: 'BUNDLE_MISSING' });
  });
});
