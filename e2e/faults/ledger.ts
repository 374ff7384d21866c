import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The world outside: a server that notes how often each thing was done to it. */
export class Ledger {
  readonly #done = new Map<string, number>();
  readonly #server: Server = createServer((request, response) => {
    const key = request.url ?? '';
    request.resume();
    if (request.method === 'POST') this.#done.set(key, (this.#done.get(key) ?? 0) + 1);
    response.end('noted');
  });

  static async open(): Promise<Ledger> {
    const ledger = new Ledger();
    await new Promise<void>((resolve) => ledger.#server.listen(0, '127.0.0.1', resolve));
    return ledger;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How often each thing was done, by its path. */
  counts(): ReadonlyMap<string, number> {
    return this.#done;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
