import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER } from '@signalbox/app-runtime';
import { MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { IdempotencyPort } from './idempotency.port.js';

/** Between two sweeps, ms. */
const SWEEP_MS = 60_000;
/** Rows of one statement, and statements of one sweep: what is over them waits for the next. */
const ROWS_MAX = 1_000;
const BATCHES_MAX = 100;

/** Forgets idempotency keys whose time is over. */
@Injectable()
export class SweeperService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(
    @Inject(IdempotencyPort) private readonly keys: IdempotencyPort,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#loop = this.#run();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    // The first sweep comes at once: it also makes the connection that the first keys will want.
    for (; !signal.aborted; await pause(SWEEP_MS, signal)) {
      await this.sweep().catch((error: unknown) =>
        this.logger.debug({ err: MeshError.from(error) }, 'idempotency keys could not be swept now'),
      );
    }
  }

  /** Gives how many were forgotten. */
  async sweep(): Promise<number> {
    let gone = 0;
    for (let batch = 0; batch < BATCHES_MAX && !this.#stop.signal.aborted; batch++) {
      const swept = await this.keys.sweep(ROWS_MAX);
      gone += swept;
      if (swept < ROWS_MAX) break;
    }
    return gone;
  }
}
