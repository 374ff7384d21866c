import { type MeshContext, provisioner } from './mesh-context.ts';

const EVERY_MS = 600_000;

/**
 * Tries again and again to get round the account boundary, as at the start: with the keys that only the supervisor has
 * together, in a process that ends. Audit has the outcome, and raises an incident when an attempt got through.
 */
export class BoundaryTest {
  readonly #mesh: MeshContext;
  readonly #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;

  constructor(mesh: MeshContext, everyMs = Number(process.env['SIGNALBOX_BOUNDARY_TEST_MS'] ?? EVERY_MS)) {
    this.#mesh = mesh;
    if (everyMs > 0) this.#timer = setInterval(() => this.#again(), everyMs).unref();
  }

  /** Lets a test that runs end. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Never two at once, however long one takes. */
  #again(): void {
    this.#running ??= this.#test().finally(() => (this.#running = null));
  }

  async #test(): Promise<void> {
    const { log, urls } = this.#mesh;
    // The server protests against each attempt, as it should.
    log.mute('nats');
    try {
      await provisioner(this.#mesh, 'attack', '--url', urls['nats'] ?? '');
    } catch (error) {
      log.of('provisioner')(
        JSON.stringify({ level: 'error', msg: error instanceof Error ? error.message : 'the boundary test failed' }),
      );
    } finally {
      log.unmute('nats');
    }
  }
}
