import { Module } from '@nestjs/common';
import { ArchiveModule } from '../archive/archive.module.js';
import { BusJournalsAdapter } from './adapters/bus-journals.adapter.js';
import { PostgresQueriesAdapter } from './adapters/postgres-queries.adapter.js';
import { JournalsPort } from './journals.port.js';
import { ArchiveController, QueriesController } from './queries.controller.js';
import { QueriesPort } from './queries.port.js';
import { QueriesService } from './queries.service.js';

@Module({
  imports: [ArchiveModule],
  controllers: [QueriesController, ArchiveController],
  providers: [
    QueriesService,
    { provide: QueriesPort, useClass: PostgresQueriesAdapter },
    { provide: JournalsPort, useClass: BusJournalsAdapter },
  ],
})
export class QueriesModule {}
