import type { ChannelReply, WatchEventV1 } from '@signalbox/contracts';
import { subjects } from '@signalbox/contracts';
import { MeshError, sha256Hex } from '@signalbox/kernel';
import { waitFor } from '@signalbox/testing';
import { headers, type Msg } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from './bus.js';
import { type Fixture, newRun, sessionLoaded, startFixture } from './bus.fixture.js';
import { encodeFrame } from './frame.js';
import { connectTenant } from './provision/user-connection.js';
import type { Service } from './types.js';

const SAVE = subjects.svc('memory', 'save', 'acme');
const AUTH = subjects.ask('acme', 'auth');
const WATCH = subjects.ask('acme', 'watch');
const caller = { keyDigest: sha256Hex('key') };
const watched = { ...caller, runId: newRun().runId };
const known: ChannelReply<'askAuth'> = { keyId: 'key', userId: 'user', agents: [] };
let fixture: Fixture;
let router: Bus;
let memory: Bus;
let gateway: Bus;
let guard: Bus;
const services: Service[] = [];

beforeAll(async () => {
  fixture = await startFixture();
  [router, memory, gateway, guard] = await Promise.all([
    fixture.bus('router'),
    fixture.bus('memory'),
    fixture.bus('gateway', 'GATE'),
    fixture.bus('guard', 'GATE'),
  ]);
});
afterAll(() => fixture.stop());
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop(100)));
});

function save(bytes = 10): Parameters<typeof router.request<'sessionSave'>>[2] {
  return { ...newRun(), sessionId: 'session', attempt: 0, messages: sessionLoaded(bytes).messages };
}

const serveSave = async (
  handler: Parameters<typeof memory.serve<'sessionSave'>>[1],
  concurrency = 8,
): Promise<Service> => {
  const service = await memory.serve('sessionSave', handler, { concurrency });
  services.push(service);
  await fixture.settled(memory);
  return service;
};

describe('a request on CORE', () => {
  it('is answered', async () => {
    await serveSave(async ({ body, author, tenant, kind }) => {
      expect({ author, tenant, kind }).toEqual({ author: 'router', tenant: 'acme', kind: 'session.save.v1' });
      expect(body.sessionId).toBe('session');
      return { ok: true };
    });
    expect(await router.request('sessionSave', SAVE, save(), { timeoutMs: 20_000 })).toEqual({ ok: true });
  });

  it('carries a large body by claim', async () => {
    let bytes = 0;
    await serveSave(async ({ body }) => {
      bytes = body.messages[0]!.content.length;
      return { ok: true };
    });
    await router.request('sessionSave', SAVE, save(600_000), { timeoutMs: 20_000 });
    expect(bytes).toBe(600_000);
  });

  it('says at once when nobody serves, and in time when nobody answers', async () => {
    await expect(router.request('sessionSave', SAVE, save(), { timeoutMs: 20_000 })).rejects.toMatchObject({
      code: 'BUS_UNAVAILABLE',
    });
    await serveSave(() => new Promise(() => undefined));
    await expect(router.request('sessionSave', SAVE, save(), { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'BUS_TIMEOUT',
    });
    const stop = new AbortController();
    const asked = router.request('sessionSave', SAVE, save(), { timeoutMs: 5_000, signal: stop.signal });
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 'BUS_TIMEOUT' });
  });

  it('gets its error back by its code, and nothing of what we did wrong', async () => {
    await serveSave(async () => {
      throw new MeshError('CONFLICT', 'changed meanwhile', { details: { revision: 7 } });
    });
    const error = await router
      .request('sessionSave', SAVE, save(), { timeoutMs: 20_000 })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MeshError);
    expect(error).toMatchObject({
      code: 'CONFLICT',
      message: 'changed meanwhile',
      details: { revision: 7 },
      retry: 'never',
    });
    await services.pop()?.stop(100);
    await serveSave(async () => {
      throw new Error('secret of alice@example.com');
    });
    const bug = await router
      .request('sessionSave', SAVE, save(), { timeoutMs: 20_000 })
      .catch((thrown: unknown) => thrown as MeshError);
    expect(bug).toMatchObject({ code: 'INTERNAL', message: expect.not.stringContaining('alice') });
  });

  it('is refused when all slots and places are taken', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const service = await serveSave(async () => {
      await gate;
      return { ok: true };
    }, 2);
    const asked = Array.from({ length: 6 }, () =>
      router.request('sessionSave', SAVE, save(), { timeoutMs: 20_000 }).catch((error: MeshError) => error.code),
    );
    await waitFor(() => service.stats().refused === 2, { what: 'two refusals' });
    expect(service.stats()).toMatchObject({ running: 2, waiting: 2 });
    release();
    const outcomes = await Promise.all(asked);
    expect(outcomes.filter((outcome) => outcome === 'OVERLOADED')).toHaveLength(2);
    expect(outcomes.filter((outcome) => typeof outcome === 'object')).toHaveLength(4);
  });

  it('never answers where it should not', async () => {
    let served = 0;
    await serveSave(async () => {
      served++;
      return { ok: true };
    });
    const nc = await fixture.raw('router');
    const frame = encodeFrame(
      SAVE,
      'session.save.v1',
      'router',
      Buffer.from(JSON.stringify(save())),
      'pair:memory',
      fixture.keys('router'),
    );
    const before = fixture.log.lines.length;
    // The broker itself refuses a reply to `_R_.`, so that one is not among them.
    for (const reply of [
      'sb.v1.run.00.acme.run_00_x',
      '_INBOX.x',
      '_INBOX_guard.x',
      '$JS.API.STREAM.PURGE.RUN_00',
      '_INBOX_routerx.y',
    ]) {
      nc.publish(SAVE, frame, { reply });
    }
    nc.publish(SAVE, frame);
    await nc.flush();
    await waitFor(
      () => fixture.log.lines.slice(before).filter(({ message }) => message.includes('no answer may go')).length === 6,
      { what: 'six refusals' },
    );
    expect(served).toBe(0);
  });

  it('is refused with a wrong seal, author, subject, frame or body, and the service lives on', async () => {
    await serveSave(async () => ({ ok: true }));
    const nc = await fixture.raw('router');
    const json = Buffer.from(JSON.stringify(save()));
    const keys = fixture.keys('router');
    const codes: string[] = [];
    for (const [subject, bytes] of [
      [SAVE, 'junk'],
      [SAVE, Buffer.from([0xff, 0x00, 0xfe])],
      [SAVE, `sb1 session.save.v1 router -\n${json}`],
      [SAVE, `sb1 session.save.v1 router h:${'A'.repeat(43)}\n${json}`],
      [SAVE, `sb1 session.save.v1 guard -\n${json}`],
      [
        SAVE,
        encodeFrame(subjects.svc('memory', 'save', 'globex'), 'session.save.v1', 'router', json, 'pair:memory', keys),
      ],
      [SAVE, encodeFrame(SAVE, 'session.load.v1', 'router', json, 'pair:memory', keys)],
      [SAVE, encodeFrame(SAVE, 'session.save.v1', 'router', Buffer.from('{}'), 'pair:memory', keys)],
      [SAVE, encodeFrame(SAVE, 'session.save.v1', 'router', Buffer.from([0x22, 0xff, 0x22]), 'pair:memory', keys)],
    ] as const) {
      const answer = await nc.request(subject, bytes, { timeout: 2_000 });
      codes.push((JSON.parse(answer.string().split('\n')[1]!) as { code: string }).code);
    }
    expect(codes).toEqual([
      'REQUEST_MALFORMED',
      'REQUEST_MALFORMED',
      'SEAL_INVALID',
      'SEAL_INVALID',
      'SEAL_INVALID',
      'SEAL_INVALID',
      'REQUEST_INVALID',
      'REQUEST_INVALID',
      'REQUEST_MALFORMED',
    ]);
    expect(await router.request('sessionSave', SAVE, save(), { timeoutMs: 20_000 })).toEqual({ ok: true });
  });

  it('refuses a body or subject that is none of the channel before it is sent', async () => {
    const wrong = { ...save(), sessionId: 'no token!' };
    await expect(router.request('sessionSave', SAVE, wrong, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
    await expect(
      router.request('sessionSave', 'sb.v1.svc.memory.save.*', save(), { timeoutMs: 100 }),
    ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(
      router.request('sessionSave', subjects.ctl('acme', newRun().runId), save(), { timeoutMs: 100 }),
    ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('shares the requests among instances and survives the end of one', async () => {
    const served = [0, 0];
    const other = await fixture.bus('memory');
    for (const [n, bus] of [memory, other].entries()) {
      services.push(
        await bus.serve('sessionSave', async () => {
          served[n]!++;
          return { ok: true as const };
        }),
      );
      await fixture.settled(bus);
    }
    await Promise.all(
      Array.from({ length: 60 }, () => router.request('sessionSave', SAVE, save(), { timeoutMs: 20_000 })),
    );
    expect(served[0]! + served[1]!).toBe(60);
    expect(Math.min(...served)).toBeGreaterThan(0);
    const asked = Array.from({ length: 60 }, () => router.request('sessionSave', SAVE, save(), { timeoutMs: 20_000 }));
    await other.drain(2_000);
    await Promise.all(asked);
  });
});

describe('GATE', () => {
  it('speaks plain JSON to a tenant, whose own replies are translated', async () => {
    services.push(
      await guard.serve('askAuth', async ({ body, author, tenant }) => {
        expect({ author, tenant }).toEqual({ author: null, tenant: 'acme' });
        if (body.keyDigest !== caller.keyDigest) throw new MeshError('KEY_INVALID', 'unknown key');
        return known;
      }),
    );
    await fixture.settled(guard);
    expect(await gateway.request('askAuth', AUTH, caller, { timeoutMs: 20_000 })).toEqual(known);
    const nc = await connectTenant({ url: fixture.mesh.url, keysDir: fixture.mesh.keysRoot }, 'acme');
    const good = await nc.request(AUTH, JSON.stringify(caller), { timeout: 2_000 });
    expect(good.json()).toEqual(known);
    const bad = await nc.request(AUTH, JSON.stringify({ keyDigest: sha256Hex('other') }), { timeout: 2_000 });
    expect([bad.headers?.get('sb-error'), bad.json<{ code: string }>().code]).toEqual(['KEY_INVALID', 'KEY_INVALID']);
    const junk = await nc.request(AUTH, Buffer.from([0xff]), { timeout: 2_000 });
    expect(junk.headers?.get('sb-error')).toBe('REQUEST_MALFORMED');
    await nc.close();
  });
});

describe('a streamed reply', () => {
  const delta = (text: string): WatchEventV1 => ({ type: 'delta', step: 0, attempt: 0, text });
  type Watch = Parameters<typeof guard.serveStream<'askWatch'>>[1];
  const serveWatch = async (handler: Watch): Promise<Service> => {
    const service = await guard.serveStream('askWatch', handler);
    services.push(service);
    await fixture.settled(guard);
    return service;
  };
  const collect = async (idleMs: number, signal?: AbortSignal): Promise<unknown[]> => {
    const items: unknown[] = [];
    for await (const item of gateway.requestStream(
      'askWatch',
      WATCH,
      watched,
      signal ? { idleMs, signal } : { idleMs },
    ))
      items.push(item);
    return items;
  };

  it('comes in order and ends', async () => {
    await serveWatch(async function* () {
      for (let n = 0; n < 500; n++) yield delta(String(n));
    });
    expect(await collect(2_000)).toEqual(Array.from({ length: 500 }, (_, n) => delta(String(n))));
  });

  it('outlives long silence by signs of life, and is given up without', async () => {
    await serveWatch(async function* () {
      yield delta('before');
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      yield delta('after');
    });
    expect(await collect(300)).toEqual([delta('before'), delta('after')]);
    await services.pop()?.stop(100);
    const nc = await fixture.raw('guard', 'GATE');
    const deaf = nc.subscribe(WATCH, { callback: () => undefined });
    await nc.flush();
    await expect(collect(200)).rejects.toMatchObject({ code: 'BUS_TIMEOUT' });
    deaf.unsubscribe();
    await nc.flush();
  });

  it('ends with its error, and says when nobody serves', async () => {
    await expect(collect(1_000)).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
    await serveWatch(async function* () {
      yield delta('one');
      throw new MeshError('RUN_UNKNOWN', 'no such run');
    });
    await expect(collect(1_000)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  });

  it('stops when its asker is gone or stops reading', async () => {
    let signal: AbortSignal | undefined;
    await serveWatch(async function* (_, given) {
      signal = given;
      yield delta('one');
      await new Promise(() => undefined);
    });
    for await (const _ of gateway.requestStream('askWatch', WATCH, watched, { idleMs: 400 })) break;
    await waitFor(() => signal?.aborted, { what: 'the handler to be told' });
    const other = await fixture.bus('gateway', 'GATE');
    signal = undefined;
    const items = other.requestStream('askWatch', WATCH, watched, { idleMs: 400 })[Symbol.asyncIterator]();
    await items.next();
    await other.drain(0);
    await waitFor(() => (signal as AbortSignal | undefined)?.aborted, { what: 'the handler to be told again' });
  });

  it('ends quietly when its asker aborts', async () => {
    await serveWatch(async function* () {
      yield delta('one');
      await new Promise(() => undefined);
    });
    const stop = new AbortController();
    const items: unknown[] = [];
    for await (const item of gateway.requestStream('askWatch', WATCH, watched, { idleMs: 400, signal: stop.signal })) {
      items.push(item);
      stop.abort();
    }
    expect(items).toEqual([delta('one')]);
  });

  it('tells its askers when the instance stops', async () => {
    let running = false;
    const service = await serveWatch(async function* () {
      running = true;
      yield delta('one');
      await new Promise(() => undefined);
    });
    const asked = collect(5_000).catch((error: MeshError) => error.code);
    await waitFor(() => running, { what: 'the handler to run' });
    await service.stop(1_000);
    expect(await asked).toBe('SHUTTING_DOWN');
  });

  it('reaches a tenant with a stock client: items, then an empty message', async () => {
    await serveWatch(async function* () {
      yield delta('one');
      yield delta('two');
    });
    const nc = await connectTenant({ url: fixture.mesh.url, keysDir: fixture.mesh.keysRoot }, 'acme');
    const seen: Msg[] = [];
    const inbox = '_INBOX_tenant_acme.watch';
    nc.subscribe(inbox, { callback: (_, msg) => void seen.push(msg) });
    nc.publish(WATCH, JSON.stringify(watched), { reply: inbox, headers: headers() });
    await waitFor(() => seen.some(({ data }) => data.length === 0), { what: 'the end' });
    expect(seen.slice(0, 2).map((msg) => msg.json())).toEqual([delta('one'), delta('two')]);
    expect(seen.at(-1)?.headers?.get('sb-end')).toBe('1');
    await nc.close();
  });
});
