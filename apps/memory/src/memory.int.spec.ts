import { startService } from '@signalbox/app-runtime';
import { type Bucket, Bus } from '@signalbox/bus';
import { type Message, runIdFor, type SessionLoadV1, type SessionStateV1, subjects } from '@signalbox/contracts';
import { newRequestId, parseJson } from '@signalbox/kernel';
import { startMesh, testFolder, type TestMesh } from '@signalbox/testing';
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
      slots: 16,
      ...change,
    };
    const memory = await startService({ service: 'memory', config, module: AppModule });
    open.push(() => memory.close());
    return () => memory.close();
  };
  beforeAll(async () => {
    mesh = await startMesh({ tenants: [TENANT, 'globex'] });
    const connect = async (service: 'router' | 'memory'): Promise<Bus> => {
      const bus = await Bus.connect({ service, account: 'CORE', url: mesh.url, keysDir: mesh.keysDir(service) });
      open.push(() => bus.drain(1_000));
      return bus;
    };
    router = await connect('router');
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
  ): Promise<string> => {
    const ask = { runId, tenant: TENANT, sessionId, attempt, messages };
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
});
