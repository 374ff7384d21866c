import { Module } from '@nestjs/common';
import { ArchiveModule } from '../archive/archive.module.js';
import { QueriesModule } from '../queries/queries.module.js';
import { RecordedCallsHandler } from './recorded-calls.handler.js';
import { RecordedCallsService } from './recorded-calls.service.js';

@Module({
  imports: [ArchiveModule, QueriesModule],
  controllers: [RecordedCallsHandler],
  providers: [RecordedCallsService],
})
export class CallsModule {}
