import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SseWriter } from './sse-writer.js';

const PIECE = { delta: 'x'.repeat(65_536) };
/** More than what the sockets of both ends take. */
const PIECES = 400;

let server: Server;
let response: Promise<ServerResponse>;

beforeEach(async () => {
  response = new Promise((resolve) => (server = createServer((_request, reply) => resolve(reply))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Asks, and reads only when told to. */
function ask(read: boolean): void {
  const { port } = server.address() as AddressInfo;
  const asked = request({ port, host: '127.0.0.1' }, (answer) => (read ? answer.resume() : answer.pause()));
  asked.on('error', () => undefined);
  asked.end();
}

describe('events to a reader', () => {
  it('all arrive, and beats between them, when it reads', async () => {
    ask(true);
    const raw = await response;
    const sse = new SseWriter(raw, 5_000);
    for (let n = 0; n < PIECES; n++) {
      await sse.send('piece', PIECE);
      await sse.beat();
    }
    sse.end();
    expect(raw.destroyed).toBe(false);
  });

  it('end by cutting it off when it reads nothing; beats meanwhile pile nothing up', async () => {
    ask(false);
    const raw = await response;
    const sse = new SseWriter(raw, 200);
    const all = (async () => {
      for (let n = 0; n < PIECES && !raw.destroyed; n++) await sse.send('piece', PIECE);
    })();
    const beats = setInterval(() => void sse.beat(), 1);
    await all;
    clearInterval(beats);
    expect(raw.destroyed).toBe(true);
    expect(raw.listenerCount('drain')).toBeLessThanOrEqual(2);
  });
});
