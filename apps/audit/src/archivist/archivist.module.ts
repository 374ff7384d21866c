import { Module } from '@nestjs/common';
import { ArchiveModule } from '../archive/archive.module.js';
import { QueriesModule } from '../queries/queries.module.js';
import { BusHotJournalsAdapter } from './adapters/bus-hot-journals.adapter.js';
import { PostgresTrimsAdapter } from './adapters/postgres-trims.adapter.js';
import { ArchivistService } from './archivist.service.js';
import { HotJournalsPort } from './hot-journals.port.js';
import { TrimsPort } from './trims.port.js';

@Module({
  imports: [ArchiveModule, QueriesModule],
  providers: [
    ArchivistService,
    { provide: TrimsPort, useClass: PostgresTrimsAdapter },
    { provide: HotJournalsPort, useClass: BusHotJournalsAdapter },
  ],
})
export class ArchivistModule {}
