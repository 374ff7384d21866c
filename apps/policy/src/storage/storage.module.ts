import { Module } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { Database } from '@signalbox/persistence';
import { PostgresPolicyRepository } from './adapters/postgres-policy.repository.js';
import { makeDatabase } from './make-database.js';
import { PolicyRepository } from './policy.repository.js';

@Module({
  providers: [
    { provide: Database, useFactory: makeDatabase, inject: [CONFIG, LOGGER] },
    { provide: PolicyRepository, useClass: PostgresPolicyRepository },
  ],
  exports: [Database, PolicyRepository],
})
export class StorageModule {}
