import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Between a client and its server: can swallow what the server says, so that acknowledgements are lost though the message was stored. */
export class LossyLine {
  readonly #pairs = new Set<[Socket, Socket]>();
  readonly #server: Server;
  swallowing = false;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      const server = connect(port, '127.0.0.1');
      const pair: [Socket, Socket] = [client, server];
      this.#pairs.add(pair);
      client.on('data', (data) => server.write(data));
      server.on('data', (data) => this.swallowing || client.write(data));
      for (const socket of pair) {
        socket.on('error', () => undefined);
        socket.on('close', () => {
          for (const end of pair) end.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
  }

  /** A line to what listens on this port of the machine. */
  static async to(port: number): Promise<LossyLine> {
    const line = new LossyLine(port);
    await once(line.#server.listen(0, '127.0.0.1'), 'listening');
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections; new ones lose nothing. */
  cut(): void {
    this.swallowing = false;
    for (const [client] of this.#pairs) client.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
