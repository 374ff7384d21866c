import { createServer, type Server } from 'node:http';

export interface HealthState {
  ready(): Promise<{ ok: boolean; why?: string }>;
}

/** Answers `/health/live` and `/health/ready` (200 or 503 with the reason) for supervisors and probes. */
export class HealthServer {
  #server: Server;
  #draining = false;

  constructor(state: HealthState) {
    this.#server = createServer((request, response) => {
      const answer = async (): Promise<{ status: number; body: unknown }> => {
        if (request.url === '/health/live') return { status: 200, body: { ok: true } };
        if (request.url !== '/health/ready') return { status: 404, body: { ok: false } };
        if (this.#draining) return { status: 503, body: { ok: false, why: 'stopping' } };
        const ready = await state.ready();
        return { status: ready.ok ? 200 : 503, body: ready };
      };
      answer()
        .catch((error: unknown) => ({ status: 503, body: { ok: false, why: String(error) } }))
        .then(({ status, body }) => {
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end(JSON.stringify(body));
        })
        .catch(() => response.destroy());
    });
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
  }

  /** From now on not ready; the server itself stays up to say so. */
  drain(): void {
    this.#draining = true;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
