import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range from which systems take the local ports of outgoing connections (32768 and up): a client that keeps
 * connecting to a port of that range while its server is down can end up connected to itself and hold the port.
 */
const PORT_MIN = 15_000;
const PORT_END = 32_000;
const TRIES_MAX = 100;

/** A TCP port of the loopback interface that was free a moment ago; `preferred` when that one is free. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && preferred !== 0 && (await isFree(preferred))) return preferred;
  for (let turn = 0; turn < TRIES_MAX; turn++) {
    const port = randomInt(PORT_MIN, PORT_END);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free TCP port on 127.0.0.1 after ${TRIES_MAX} tries`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
