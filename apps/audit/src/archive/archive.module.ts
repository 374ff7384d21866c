import { Module } from '@nestjs/common';
import { PostgresArchiveAdapter } from './adapters/postgres-archive.adapter.js';
import { ArchivePort } from './archive.port.js';
import { ArchiveService } from './archive.service.js';
import { DatabaseModule } from './database.module.js';

@Module({
  imports: [DatabaseModule],
  providers: [ArchiveService, { provide: ArchivePort, useClass: PostgresArchiveAdapter }],
  exports: [ArchivePort, ArchiveService, DatabaseModule],
})
export class ArchiveModule {}
