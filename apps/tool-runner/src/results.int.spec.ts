import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JournalEntry, ToolWorkV1 } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WAIT_MS, World } from './tool-runner.fixture.js';

/** `fenced` has no effect, `http_get` is idempotent. */
type Wanted = [tool: 'fenced' | 'http_get', path: string];

/** What each entry has results of: `!` before a failure. */
const toldIn = (facts: readonly JournalEntry[]): string[] =>
  facts.map((fact) => {
    if (fact.kind === 'tools.completed.v1') return fact.body.results.map(({ callId }) => callId).join(' ');
    if (fact.kind === 'tool.completed.v1') return fact.body.callId;
    return fact.kind === 'tool.failed.v1' ? `!${fact.body.callId}` : fact.kind;
  });

describe('results of calls in a row', () => {
  let server: Server;
  let origin: string;
  let world: World;
  let runner: { close(): Promise<void> };
  /** Answers that are held back, by path. */
  const held = new Map<string, ServerResponse>();
  let seen: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = request.url ?? '';
      seen.push(path);
      if (path.startsWith('/held')) held.set(path, response);
      else response.end(path.startsWith('/long') ? 'x'.repeat(20_000) : 'fine');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    origin = `http://127.0.0.1:${port}`;
    world = await World.start(`127.0.0.1:${port}`);
    runner = await world.startRunner();
  }, WAIT_MS);
  afterAll(async () => {
    await world.stop();
    server.closeAllConnections();
    server.close();
  });
  afterEach(() => {
    held.clear();
    seen = [];
  });

  async function rowOf(...[first, ...others]: [Wanted, ...Wanted[]]): Promise<ToolWorkV1> {
    const work = await world.ask(first[0], { url: `${origin}${first[1]}` });
    const next = others.map(([tool, path], n) => {
      const text = JSON.stringify({ url: `${origin}${path}` });
      const { step, attempt, limits, idempotencyKey, deadlineAt } = work;
      const effect = tool === 'fenced' ? ('pure' as const) : ('idempotent' as const);
      const call = { step, attempt, limits, idempotencyKey, deadlineAt, tool, effect, callId: `call_1_${n + 1}` };
      return { ...call, arguments: text, argumentsHash: sha256Hex(text) };
    });
    return { ...work, next };
  }
  const untilTold = (work: ToolWorkV1, expected: string[]): Promise<unknown> =>
    waitFor(async () => toldIn(await world.facts(work)).join('; ') === expected.join('; '), {
      timeoutMs: WAIT_MS,
      what: `${expected.join('; ')} of ${work.runId}`,
    });

  it('come together where the calls have no effect and are quick, in their order', async () => {
    const work = await rowOf(['fenced', '/held/a'], ['fenced', '/b'], ['fenced', '/c']);
    await world.send(work);
    await waitFor(() => held.get('/held/a'), { what: 'the first call' });
    held.get('/held/a')!.end('fine');
    // On a slow machine in more than one entry.
    const all = (): Promise<string> => world.facts(work).then((facts) => toldIn(facts).join(' '));
    await waitFor(async () => (await all()) === 'call_1_0 call_1_1 call_1_2', {
      timeoutMs: WAIT_MS,
      what: 'all results',
    });
  });

  it('do not wait for a slow one', async () => {
    const work = await rowOf(['fenced', '/a'], ['fenced', '/b'], ['fenced', '/held/c']);
    await world.send(work);
    await waitFor(() => held.get('/held/c'), { what: 'the slow call' });
    // It has not answered yet.
    const first = await waitFor(async () => (await world.facts(work)).length > 0, { what: 'the results before it' });
    expect(first).toBe(true);
    held.get('/held/c')!.end('fine');
    await waitFor(async () => toldIn(await world.facts(work)).join(' ') === 'call_1_0 call_1_1 call_1_2', {
      timeoutMs: WAIT_MS,
      what: 'the last result',
    });
  });

  it('are in the journal before a call that has an effect begins, and its own at once', async () => {
    const work = await rowOf(['fenced', '/a'], ['fenced', '/b'], ['http_get', '/held/c'], ['http_get', '/held/d']);
    await world.send(work);
    await waitFor(() => held.get('/held/c'), { what: 'the third call' });
    const before = toldIn(await world.facts(work)).join(' ');
    expect(before).toBe('call_1_0 call_1_1');
    held.get('/held/c')!.end('fine');
    await waitFor(() => held.get('/held/d'), { what: 'the fourth call' });
    expect(toldIn(await world.facts(work)).at(-1)).toBe('call_1_2');
    held.get('/held/d')!.end('fine');
    await waitFor(async () => toldIn(await world.facts(work)).at(-1) === 'call_1_3', { what: 'the last result' });
  });

  it('are told before a failure that ends the row', async () => {
    const work = await rowOf(['fenced', '/a'], ['fenced', '/b'], ['fenced', '/secret'], ['fenced', '/d']);
    await world.send(work);
    await world.fact(work, 'tool.failed.v1');
    const told = toldIn(await world.facts(work));
    expect(told.slice(0, -1).join(' ')).toBe('call_1_0 call_1_1');
    expect(told.at(-1)).toBe('!call_1_2');
    expect(seen).toEqual(['/a', '/b']);
  });

  it('come one by one where they are long, and where readers of an older release are about', async () => {
    const long = await rowOf(['fenced', '/long/a'], ['fenced', '/long/b'], ['fenced', '/long/c'], ['fenced', '/d']);
    await world.send(long);
    const all = 'call_1_0 call_1_1 call_1_2 call_1_3';
    await waitFor(async () => toldIn(await world.facts(long)).join(' ') === all, {
      timeoutMs: WAIT_MS,
      what: 'all results',
    });
    expect((await world.facts(long)).length).toBeGreaterThan(1);
    await runner.close();
    runner = await world.startRunner({ compactEntries: false });
    const work = await rowOf(['fenced', '/a'], ['fenced', '/b'], ['fenced', '/c']);
    await world.send(work);
    await untilTold(work, ['call_1_0', 'call_1_1', 'call_1_2']);
  });
});
