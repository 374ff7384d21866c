import { Module } from '@nestjs/common';
import { StoreModule } from '../archive/store.module.js';
import { HotJournalsModule } from '../archivist/hot-journals.module.js';
import { PostgresIncarnationsAdapter } from './adapters/postgres-incarnations.adapter.js';
import { IncarnationsPort } from './incarnations.port.js';
import { RebuildService } from './rebuild.service.js';
import { RecoveryHandler } from './recovery.handler.js';
import { RecoveryService } from './recovery.service.js';

@Module({
  imports: [HotJournalsModule, StoreModule],
  controllers: [RecoveryHandler],
  providers: [RecoveryService, RebuildService, { provide: IncarnationsPort, useClass: PostgresIncarnationsAdapter }],
  exports: [RecoveryService],
})
export class RecoveryModule {}
