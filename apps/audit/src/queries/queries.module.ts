import { Module } from '@nestjs/common';
import { ArchiveModule } from '../archive/archive.module.js';
import { ArchivedRunsHandler } from './archived-runs.handler.js';
import { BusJournalsAdapter } from './adapters/bus-journals.adapter.js';
import { PostgresQueriesAdapter } from './adapters/postgres-queries.adapter.js';
import { JournalsPort } from './journals.port.js';
import { ArchiveController, QueriesController } from './queries.controller.js';
import { QueriesPort } from './queries.port.js';
import { QueriesService } from './queries.service.js';
import { RedactionReplayHandler } from '../redaction/redaction-replay.handler.js';
import { RedactionReplayService } from '../redaction/redaction-replay.service.js';
import { VerifierService } from './verifier.service.js';

@Module({
  imports: [ArchiveModule],
  controllers: [QueriesController, ArchiveController, ArchivedRunsHandler, RedactionReplayHandler],
  providers: [
    QueriesService,
    VerifierService,
    RedactionReplayService,
    { provide: QueriesPort, useClass: PostgresQueriesAdapter },
    { provide: JournalsPort, useClass: BusJournalsAdapter },
  ],
  exports: [QueriesPort, VerifierService],
})
export class QueriesModule {}
