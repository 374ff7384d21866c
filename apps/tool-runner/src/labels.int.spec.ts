import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Label, TRUSTED } from '@signalbox/contracts';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { World } from './tool-runner.fixture.js';

const START_MS = 60_000;
const foreign: Label = { integrity: 'untrusted', readers: [], origins: ['input'] };

let server: Server;
let origin: string;
let world: World;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('fine');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  world = await World.start(`127.0.0.1:${port}`);
  await world.startVault();
  await world.startRunner();
}, START_MS);
afterAll(async () => {
  await world.stop();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void asked.splice(0));

// The router of this world permits everything: the runner decides for itself.
const post = (label: Label) => world.ask('http_post', { url: `${origin}/post`, body: 'x' }, { label });

it('runs what trusted words led to', async () => {
  const work = await post(TRUSTED);
  expect(work.labels).toEqual({ context: TRUSTED });
  await world.send(work);
  await world.fact(work, 'tool.completed.v1');
  expect(asked).toEqual(['/post']);
});

it('refuses what the words of others led to, whatever the router let pass', async () => {
  const work = await post(foreign);
  await world.send(work);
  const { body } = await world.fact(work, 'tool.failed.v1');
  const decision = { outcome: 'deny', kind: 'approve', labels: { context: foreign } };
  expect(body).toMatchObject({ error: { code: 'APPROVAL_DENIED' }, decision });
  expect(body.decision?.rules).toContain('base.integrity');
  expect(asked).toEqual([]);
});

it('reads the labels from the journal where the router tells none', async () => {
  const { labels: _, ...work } = await post(foreign);
  await world.send(work);
  expect((await world.fact(work, 'tool.failed.v1')).body.decision?.rules).toContain('base.integrity');
  const { labels: __, ...trusted } = await post(TRUSTED);
  await world.send(trusted);
  await world.fact(trusted, 'tool.completed.v1');
  expect(asked).toEqual(['/post']);
});

it('claims no call under other labels than the journal gives it', async () => {
  const work = await post(foreign);
  await world.send({ ...work, labels: { context: TRUSTED } });
  const { body } = await world.fact(work, 'tool.failed.v1');
  expect(body.error).toMatchObject({ code: 'TOOL_DENIED', message: expect.stringContaining('labels') as string });
  expect(asked).toEqual([]);
});
