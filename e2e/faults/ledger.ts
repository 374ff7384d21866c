import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** 180,000 characters: more than an entry carries, less than a tool may say. */
const LARGE_WORDS = 30_000;

/** What was done under one path. */
export interface Deed {
  count: number;
  /** Idempotency keys that it came with. */
  keys: Set<string>;
}

/** The world outside: a server that notes how often each thing was done to it. A path that ends in `lost` or `flaky` gets no answer the first time, one in `large` an answer that travels apart from its entry. */
export class Ledger {
  readonly #deeds = new Map<string, Deed>();
  readonly #server: Server = createServer((request, response) => this.#serve(request, response));

  static async open(): Promise<Ledger> {
    const ledger = new Ledger();
    await new Promise<void>((resolve) => ledger.#server.listen(0, '127.0.0.1', resolve));
    return ledger;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  deeds(): ReadonlyMap<string, Deed> {
    return this.#deeds;
  }

  forget(): void {
    this.#deeds.clear();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const deed = this.#deeds.get(path) ?? { count: 0, keys: new Set() };
    this.#deeds.set(path, deed);
    deed.count += 1;
    const key = request.headers['idempotency-key'];
    if (typeof key === 'string') deed.keys.add(key);
    request.resume();
    if (/(?:lost|flaky)$/.test(path) && deed.count === 1) request.socket.destroy();
    else response.end(path.endsWith('large') ? 'noted '.repeat(LARGE_WORDS) : 'noted');
  }
}
