import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { Database } from '@signalbox/persistence';
import type { Logger } from '@signalbox/telemetry';
import type { GuardConfig } from '../config.js';
import { IdempotencyKey } from '../idempotency/entities/idempotency-key.entity.js';
import { IdempotencyKeys1795500000000 } from '../idempotency/migrations/idempotency-keys-1795500000000.migration.js';
import { VaultKeys1796800000000 } from '../vault/migrations/vault-keys-1796800000000.migration.js';
import { Vault1795392000000 } from '../vault/migrations/vault-1795392000000.migration.js';

/** The guard's own schema, `privacy`. */
export function makeDatabase(config: GuardConfig, logger: Logger): Database {
  return new Database({
    url: config.pgUrl,
    entities: [IdempotencyKey],
    migrations: [Vault1795392000000, IdempotencyKeys1795500000000, VaultKeys1796800000000],
    applicationName: 'signalbox guard',
    logger,
  });
}

/** Connects when first needed: the guard also runs while Postgres is away. */
@Module({
  providers: [{ provide: Database, useFactory: makeDatabase, inject: [CONFIG, LOGGER] }],
  exports: [Database],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database) {}

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
