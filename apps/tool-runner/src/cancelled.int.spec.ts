import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ToolWorkV1 } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WAIT_MS, World } from './tool-runner.fixture.js';

let server: Server;
let origin: string;
let world: World;
let asked = 0;
let open = 0;

beforeAll(async () => {
  // Answers to nobody.
  server = createServer((_request, response) => {
    asked++;
    open++;
    response.on('close', () => open--);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  origin = `http://${host}`;
  world = await World.start(host);
  await world.startRunner({ bwrap: '/nowhere/bwrap' });
});
afterAll(async () => {
  await world.stop();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = 0;
});

async function hanging(): Promise<ToolWorkV1> {
  const work = await world.call('http_get', { url: origin });
  await waitFor(() => open === 1, { timeoutMs: WAIT_MS, what: 'the call to be made' });
  return work;
}

const stopped = (): Promise<unknown> =>
  waitFor(() => open === 0, { timeoutMs: WAIT_MS, what: 'the call to be stopped' });

async function sentAgain(work: ToolWorkV1): Promise<void> {
  await world.send({ ...work, dispatch: 2 });
  const left = async (): Promise<number> => {
    const { waiting, taken } = await world.mesh.work('tool-runner-default');
    return waiting + taken;
  };
  await waitFor(async () => (await left()) === 0, { timeoutMs: WAIT_MS, what: 'the work to be settled' });
}

describe('a call that is safe to repeat', () => {
  it('is not begun when it is delivered after its run was cancelled', async () => {
    const work = await hanging();
    await world.end(work);
    await stopped();
    await sentAgain(work);
    expect(asked).toBe(1);
    expect(await world.facts(work)).toEqual([]);
  });

  it('is made when a cancel was told of that its journal has not', async () => {
    const work = await hanging();
    await world.cancel(work);
    await stopped();
    await world.send({ ...work, dispatch: 2 });
    await waitFor(() => asked === 2, { timeoutMs: WAIT_MS, what: 'the call to be made again' });
    await world.end(work);
    await stopped();
  });
});
