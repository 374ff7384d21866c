import { Module } from '@nestjs/common';
import { PostgresArchiveAdapter } from './adapters/postgres-archive.adapter.js';
import { ArchivePort } from './archive.port.js';
import { DatabaseModule } from './database.module.js';

/** The archive as a store: whoever fills, mends or reads it. */
@Module({
  imports: [DatabaseModule],
  providers: [{ provide: ArchivePort, useClass: PostgresArchiveAdapter }],
  exports: [ArchivePort, DatabaseModule],
})
export class StoreModule {}
