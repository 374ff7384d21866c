import { Module } from '@nestjs/common';
import { ArchiveModule } from '../archive/archive.module.js';
import { QueriesModule } from '../queries/queries.module.js';
import { PostgresTrimsAdapter } from './adapters/postgres-trims.adapter.js';
import { ArchivistService } from './archivist.service.js';
import { HotJournalsModule } from './hot-journals.module.js';
import { TrimsPort } from './trims.port.js';

@Module({
  imports: [ArchiveModule, HotJournalsModule, QueriesModule],
  providers: [ArchivistService, { provide: TrimsPort, useClass: PostgresTrimsAdapter }],
})
export class ArchivistModule {}
