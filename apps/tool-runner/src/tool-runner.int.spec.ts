import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tapCore } from '@signalbox/bus/provision';
import { PII_CLASSES, type ToolWorkV1 } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { foldJournal, mayBegin } from '@signalbox/run-engine';
import { waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LAWLESS, WAIT_MS, World } from './tool-runner.fixture.js';

/** The sandbox is attacked before the first program runs, which takes its time on a busy machine. */
const START_MS = 60_000;

describe('tool-runner', () => {
  let server: Server;
  let origin: string;
  let world: World;
  let runner: { close(): Promise<void> };
  let vault: Awaited<ReturnType<World['startVault']>>;
  /** Requests by path, and those still open. */
  const asked = new Map<string, number>();
  let openRequests = 0;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = request.url ?? '';
      asked.set(path, (asked.get(path) ?? 0) + 1);
      openRequests++;
      response.on('close', () => openRequests--);
      if (path.startsWith('/hang')) return;
      if (path.startsWith('/slow')) return void setTimeout(() => response.end('slow'), 300);
      response.end(path.startsWith('/person') ? 'Write to jane.doe@example.com, card 4111 1111 1111 1111.' : 'fine');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    origin = `http://127.0.0.1:${port}`;
    world = await World.start(`127.0.0.1:${port}`);
    vault = await world.startVault();
    runner = await world.startRunner();
  }, START_MS);
  afterAll(async () => {
    await world.stop();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => asked.clear());
  afterEach(() => void vault.values.splice(0));

  const consumer = () => world.mesh.work('tool-runner-default');
  /** Nothing is left but what is told. */
  const settled = (left = 0): Promise<unknown> =>
    waitFor(
      async () => {
        const { waiting, taken } = await consumer();
        return waiting + taken <= left;
      },
      { timeoutMs: WAIT_MS, what: 'the work is settled' },
    );
  const comesAgain = (): Promise<unknown> =>
    waitFor(async () => (await consumer()).redelivered > 0, { timeoutMs: WAIT_MS, what: 'the work comes again' });
  const received = (path: string): Promise<unknown> =>
    waitFor(() => asked.has(path), { timeoutMs: WAIT_MS, what: `a request of ${path}` });

  describe('code', () => {
    it(
      'runs in the real sandbox and brings its receipt',
      async () => {
        const code = `const text = require('node:fs').readFileSync('/data/numbers.txt', 'utf8');
        console.log(text.trim().split('\\n').map(Number).reduce((a, b) => a + b));`;
        const { body } = await world.fact(await world.call('js', { code }), 'tool.completed.v1', START_MS);
        expect(body).toMatchObject({ callId: 'call_1_0', attempt: 1, result: '6\n', truncated: false, redactions: {} });
        expect(body.receipt).toMatchObject({ driver: 'bubblewrap', killCause: 'none', egress: [] });
        expect(body.receipt.mechanisms.length).toBeGreaterThan(3);
      },
      START_MS,
    );

    it('says how a program failed, the end of its error first of all, cleaned', async () => {
      const code = `console.error('x'.repeat(5_000)); throw new Error('no column of jane.doe@example.com');`;
      const { body } = await world.fact(await world.call('js', { code }), 'tool.failed.v1');
      expect(body.error.code).toBe('TOOL_FAILED');
      expect(body.error.message).toMatch(/^The code ended with exit code 1: x+ /);
      expect(body.error.message).toMatch(/no column of \[\[EMAIL:[a-z2-7]{20}\]\]/);
      expect(body.receipt?.driver).toBe('bubblewrap');
      expect(vault.values).toMatchObject([{ class: 'EMAIL', value: 'jane.doe@example.com' }]);
    });

    it('has no more than the limits of the policy, whatever the work says', async () => {
      const work = await world.ask('js', { code: `console.log('x'.repeat(200_000))` });
      await world.send({ ...work, limits: { ...work.limits, outputBytesMax: 1_000_000 } });
      const { body } = await world.fact(work, 'tool.failed.v1');
      expect(body).toMatchObject({ error: { code: 'TOOL_OUTPUT_TOO_LARGE' }, receipt: { killCause: 'output' } });
      expect(body.receipt?.limits.outputBytesMax).toBe(65_536);
    });

    it('refuses arguments that are no program', async () => {
      const { body } = await world.fact(await world.call('js', { code: 'a\0b' }), 'tool.failed.v1');
      expect(body.error.code).toBe('TOOL_ARGUMENTS_INVALID');
    });

    it('is killed when its run is cancelled', async () => {
      const work = await world.call('js', { code: 'for (;;) {}' });
      // The note goes to whoever works on it by now; nobody answers for what came too early.
      await waitFor(
        async () => {
          await world.cancel(work);
          const { waiting, taken } = await consumer();
          return waiting + taken === 0;
        },
        { timeoutMs: WAIT_MS, what: 'the work is settled' },
      );
      // Nor did it end by itself: then its limit would have been reported.
      expect(await world.facts(work)).toEqual([]);
    });
  });

  describe('what is decided at the place of execution', () => {
    it('denies what no rule permits, though the router did', async () => {
      const { body } = await world.fact(await world.call('forbidden', { url: origin }), 'tool.failed.v1');
      expect(body).toMatchObject({ error: { code: 'TOOL_DENIED' }, decision: { outcome: 'deny', kind: 'default' } });
      expect(asked.size).toBe(0);
    });

    it('denies what a Cedar policy forbids, or cannot judge, and runs the rest', async () => {
      const { body } = await world.fact(await world.call('fenced', { url: `${origin}/secret` }), 'tool.failed.v1');
      const decision = { outcome: 'deny', kind: 'forbid', policies: ['fence'] };
      expect(body).toMatchObject({ error: { code: 'TOOL_DENIED' }, decision });
      const odd = await world.fact(await world.call('fenced', {}), 'tool.failed.v1');
      expect(odd.body.decision).toMatchObject({ outcome: 'deny', kind: 'error', policies: ['fence'] });
      expect(asked.size).toBe(0);
      const open = await world.fact(await world.call('fenced', { url: `${origin}/open` }), 'tool.completed.v1');
      expect(open.body.result).toContain('fine');
    });

    it('lets nothing go to a tool outside the regions of the run, or that does not say where it is', async () => {
      const work = await world.ask('fenced', { url: `${origin}/abroad` });
      await world.send({ ...work, regions: ['eu'] });
      const { body } = await world.fact(work, 'tool.failed.v1');
      expect(body).toMatchObject({
        error: { code: 'REGION_DENIED' },
        decision: { outcome: 'deny', kind: 'residency' },
      });
      expect(asked.get('/abroad')).toBeUndefined();
    });

    it('denies other arguments than those that were decided on', async () => {
      const work = await world.ask('http_get', { url: `${origin}/other` });
      await world.send({ ...work, arguments: JSON.stringify({ url: `${origin}/swapped` }) });
      const { body } = await world.fact(work, 'tool.failed.v1');
      expect(body).toMatchObject({ error: { code: 'TOOL_DENIED' }, decision: { outcome: 'deny', kind: 'invalid' } });
      expect(asked.size).toBe(0);
    });

    it('denies arguments that are no JSON object', async () => {
      for (const args of ['{"url":', '[]', 'null']) {
        const work = { ...(await world.ask('http_get', {})), arguments: args, argumentsHash: sha256Hex(args) };
        await world.send(work);
        expect((await world.fact(work, 'tool.failed.v1')).body.error.code).toBe('TOOL_DENIED');
      }
    });

    it('denies a tool that has become another since', async () => {
      const work = await world.ask('http_post', { url: `${origin}/changed` });
      await world.send({ ...work, effect: 'pure' });
      const { body } = await world.fact(work, 'tool.failed.v1');
      expect(body).toMatchObject({ error: { code: 'TOOL_DENIED' }, decision: { kind: 'invalid' } });
      expect(asked.size).toBe(0);
    });

    it('runs nothing with less isolation than the tool asks for', async () => {
      const { body } = await world.fact(await world.call('misplaced', { url: origin }), 'tool.failed.v1');
      expect(body.error.code).toBe('SANDBOX_UNAVAILABLE');
      expect(asked.size).toBe(0);
    });

    it('begins nothing past its deadline', async () => {
      const work = await world.ask('http_get', { url: `${origin}/late` });
      await world.send({ ...work, deadlineAt: Date.now() - 1 });
      expect((await world.fact(work, 'tool.failed.v1')).body.error.code).toBe('TOOL_TIMEOUT');
      expect(asked.size).toBe(0);
    });

    it('takes no work that names another tenant than its subject', async () => {
      const tapped: string[] = [];
      const access = { url: world.mesh.url, keysDir: world.mesh.keysRoot };
      const tap = await tapCore(access, ({ subject }) => tapped.push(subject));
      const work = await world.ask('http_get', { url: `${origin}/crossed` });
      await world.router.publish('workTool', `sb.v1.work.tool.T0.${LAWLESS}`, work);
      await settled();
      const letters = (): string[] => tapped.filter((subject) => subject.startsWith('sb.v1.dlq.'));
      await waitFor(() => letters().length > 0, { timeoutMs: WAIT_MS, what: 'the dead letter to be heard of' });
      expect(letters()).toEqual([`sb.v1.dlq.WORK_TOOL.tool-runner-default.${LAWLESS}`]);
      await tap.stop();
      expect(asked.size).toBe(0);
    });
  });

  describe('what must not run twice', () => {
    // A second one, so that it shows who does what only one may do. It has no sandbox.
    beforeAll(async () => {
      await world.startRunner({ bwrap: '/nowhere/bwrap' });
    });
    const claims = async (work: ToolWorkV1): Promise<string[]> => (await world.facts(work)).map(({ kind }) => kind);

    it('is claimed by one worker and run once, however often it is sent', async () => {
      const work = await world.ask('http_post', { url: `${origin}/slow-once`, body: 'x' });
      await Promise.all(Array.from({ length: 6 }, (_, dispatch) => world.send({ ...work, dispatch })));
      await world.fact(work, 'tool.completed.v1');
      await settled();
      expect(await claims(work)).toEqual(['tool.began.v1', 'tool.completed.v1']);
      expect(asked.get('/slow-once')).toBe(1);
    });

    it('is not begun once the run is to be cancelled', async () => {
      const work = await world.ask('http_post', { url: `${origin}/cancelled`, body: 'x' });
      await world.guard.journal.append(work, 'run.cancel-requested.v1', {
        principal: { keyId: 'key', userId: 'user' },
        reason: 'enough',
        requestedAt: Date.now(),
      });
      await world.send(work);
      await settled();
      expect(await claims(work)).toEqual([]);
      expect(asked.size).toBe(0);
    });

    it('is a question when it hangs, and stays one when its work comes again late', async () => {
      const work = await world.call('http_post', { url: `${origin}/hang-post`, body: 'x' });
      const { body } = await world.fact(work, 'tool.failed.v1');
      expect(body).toMatchObject({ error: { code: 'TOOL_OUTCOME_UNKNOWN' }, receipt: { killCause: 'wall' } });
      // A second worker that gets it past its deadline must not say that it never ran.
      await world.send({ ...work, deadlineAt: Date.now() - 1 });
      await settled();
      expect(await claims(work)).toEqual(['tool.began.v1', 'tool.failed.v1']);
      expect(asked.get('/hang-post')).toBe(1);
    });

    it('is left to the question when the worker that claimed it died, whatever is decided by then', async () => {
      const orphan = await world.ask('http_post', { url: `${origin}/orphan`, body: 'x' });
      const denied = await world.ask('forbidden_post', { url: `${origin}/orphan`, body: 'x' });
      await world.claimAndDie(orphan);
      await world.claimAndDie(denied);
      await world.send(orphan);
      await world.send({ ...orphan, deadlineAt: Date.now() - 1 });
      await world.send(denied);
      await settled();
      expect(await claims(orphan)).toEqual(['tool.began.v1']);
      expect(await claims(denied)).toEqual(['tool.began.v1']);
      expect(asked.size).toBe(0);
    });

    it('may still be tried anew when it came too late to be begun', async () => {
      const work = await world.ask('http_post', { url: `${origin}/too-late`, body: 'x' });
      await world.send({ ...work, deadlineAt: Date.now() - 1 });
      const { body } = await world.fact(work, 'tool.failed.v1');
      expect(body.error.code).toBe('TOOL_TIMEOUT');
      const state = foldJournal(await world.router.journal.read(work));
      expect(state.calls['call_1_0']?.status).toBe('retry');
      expect(mayBegin(state, 'call_1_0', 1).ok).toBe(false);
    });

    it('is a question when its run is cancelled in the middle', async () => {
      const work = await world.call('http_post', { url: `${origin}/hang-cancelled`, body: 'x' });
      await received('/hang-cancelled');
      await world.cancel(work);
      const { body } = await world.fact(work, 'tool.failed.v1');
      expect(body).toMatchObject({ error: { code: 'TOOL_OUTCOME_UNKNOWN' }, receipt: { killCause: 'cancelled' } });
      await waitFor(() => openRequests === 0, { timeoutMs: WAIT_MS, what: 'the request is cut off' });
    });
  });

  describe('what comes in', () => {
    it('is cleaned before it is published, its values sealed for the vault', async () => {
      const { body } = await world.fact(await world.call('http_get', { url: `${origin}/person` }), 'tool.completed.v1');
      expect(body.redactions).toEqual({ EMAIL: 1, CARD: 1 });
      expect(body.result).toMatch(/Write to \[\[EMAIL:[a-z2-7]{20}\]\], card \[\[CARD:[a-z2-7]{20}\]\]\./);
      expect(vault.values.map(({ class: name, value }) => [name, value])).toEqual(
        expect.arrayContaining([
          ['EMAIL', 'jane.doe@example.com'],
          ['CARD', expect.stringMatching(/^4111/)],
        ]),
      );
      for (const { token, class: name } of vault.values) {
        expect(PII_CLASSES).toContain(name);
        expect(body.result).toContain(token);
      }
    });

    it('waits for a vault that is away: what is safe to repeat comes again, the rest is kept in hand', async () => {
      await vault.stop();
      const safe = await world.call('http_get', { url: `${origin}/person` });
      await received('/person');
      const once = await world.call('http_post', { url: `${origin}/person?once`, body: 'x' });
      await received('/person?once');
      await comesAgain();
      expect(await world.facts(safe)).toEqual([]);
      vault = await world.startVault();
      expect((await world.fact(safe, 'tool.completed.v1')).body.redactions).toEqual({ EMAIL: 1, CARD: 1 });
      expect((await world.fact(once, 'tool.completed.v1')).body.redactions).toEqual({ EMAIL: 1, CARD: 1 });
      expect(asked.get('/person?once')).toBe(1);
    });
  });

  describe('without a sandbox', () => {
    it('refuses code for now, and nothing else', async () => {
      await runner.close();
      const work = await world.call('js', { code: 'console.log(1)' });
      const { body } = await world.fact(work, 'tool.failed.v1');
      expect(body.error.code).toBe('SANDBOX_UNAVAILABLE');
      const state = foldJournal(await world.router.journal.read(work));
      expect(state.calls['call_1_0']?.status).toBe('retry');
      await world.fact(await world.call('http_get', { url: `${origin}/else` }), 'tool.completed.v1');
    });
  });

  // Last: its work stays.
  describe('without a bundle', () => {
    it('runs nothing for a tenant without a bundle, and keeps the work', async () => {
      const work = { ...(await world.ask('http_get', { url: `${origin}/lawless` })), tenant: LAWLESS };
      await world.send(work);
      // Another tenant's work goes on meanwhile.
      await world.fact(await world.call('http_get', { url: `${origin}/lawful` }), 'tool.completed.v1');
      await comesAgain();
      expect(await world.facts(work)).toEqual([]);
      expect(asked.has('/lawless')).toBe(false);
    });
  });
});
