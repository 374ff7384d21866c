import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startRecogniser, type TestRecogniser, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { WAIT_MS, World } from '../tool-runner.fixture.js';

const START_MS = 60_000;
/** In no list, and without a capital or a cue. */
const NAME = 'zorblatt qux';
const RESULT = `they say that ${NAME} prefers tea`;

let server: Server;
let origin: string;
let world: World;
let recogniser: TestRecogniser;
let vault: Awaited<ReturnType<World['startVault']>>;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(RESULT);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  [world, recogniser] = await Promise.all([World.start(`127.0.0.1:${port}`), startRecogniser([NAME])]);
  vault = await world.startVault();
  await world.startRunner({ recogniserUrl: recogniser.url });
}, START_MS);
afterAll(async () => {
  await world.stop();
  await recogniser.stop();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void asked.splice(0));

it('what a recogniser of the operator finds in a result is sealed for the vault', async () => {
  const { body } = await world.fact(await world.call('http_get', { url: `${origin}/tea` }), 'tool.completed.v1');
  expect(body.result).toMatch(/they say that \[\[PERSON:\w{20}\]\] prefers tea/);
  expect(body.findings).toEqual([{ class: 'PERSON', recogniser: 'model', action: 'pseudonymise', count: 1 }]);
  expect(vault.values).toMatchObject([{ class: 'PERSON', value: NAME }]);
});

it('while it is away what is safe to repeat comes again, and the result of the rest is kept in hand', async () => {
  await recogniser.stop();
  const safe = await world.call('http_get', { url: `${origin}/safe` });
  const once = await world.call('http_post', { url: `${origin}/once`, body: 'x' });
  const cameAgain = async (): Promise<boolean> => (await world.mesh.work('tool-runner-default')).redelivered > 0;
  await waitFor(cameAgain, { timeoutMs: WAIT_MS, what: 'the safe call to come again' });
  await waitFor(() => asked.includes('/once'), { timeoutMs: WAIT_MS, what: 'the unsafe call' });
  expect(JSON.stringify([await world.facts(safe), await world.facts(once)])).not.toContain(NAME);
  expect((await world.facts(safe)).map(({ kind }) => kind)).toEqual([]);
  await recogniser.restart();
  for (const work of [safe, once])
    expect((await world.fact(work, 'tool.completed.v1')).body.redactions).toEqual({ PERSON: 1 });
  expect(asked.filter((path) => path === '/once')).toHaveLength(1);
});
