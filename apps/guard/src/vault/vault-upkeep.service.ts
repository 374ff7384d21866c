import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LOGGER } from '@signalbox/app-runtime';
import { MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { PostgresVaultAdapter } from './adapters/postgres-vault.adapter.js';

/** Rows encrypted anew in one transaction. */
const BATCH_ROWS = 200;
/** Between two tries while the database is away, ms. */
const AGAIN_MS = 5_000;

/**
 * At the start: refuses to go on without the keys that the vault was written with; then, beside the work, wraps the
 * tenants' keys with the present root key and encrypts what is left from before subjects had keys.
 */
@Injectable()
export class VaultUpkeep implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #stop = new AbortController();
  #work: Promise<void> | undefined;

  constructor(
    @Inject(PostgresVaultAdapter) private readonly vault: PostgresVaultAdapter,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.vault.ready();
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.code !== 'STORE_UNAVAILABLE') throw fault;
      this.logger.warn({ err: fault }, 'the vault is looked at once its database is there');
    }
    this.#work = this.#catchUp();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  async #catchUp(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.vault.ready();
        const keys = await this.vault.tenantKeys.rewrap();
        const values = await this.#convertAll();
        if (keys + values > 0) this.logger.info({ keys, values }, 'the vault was brought under its present keys');
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.logger.error({ err: error }, 'the vault cannot be brought under its present keys yet');
        await pause(AGAIN_MS, this.#stop.signal);
      }
    }
  }

  async #convertAll(): Promise<number> {
    let all = 0;
    while (!this.#stop.signal.aborted) {
      const rows = await this.vault.convert(BATCH_ROWS);
      if (rows === 0) break;
      all += rows;
    }
    return all;
  }
}
