import { createServer } from 'node:net';

/** A TCP port of the loopback interface that was free a moment ago; `preferred` when that one is free. */
export async function freePort(preferred = 0): Promise<number> {
  const port = await tryListen(preferred);
  if (port !== null) return port;
  const other = await tryListen(0);
  if (other === null) throw new Error('no free TCP port on 127.0.0.1');
  return other;
}

function tryListen(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}
