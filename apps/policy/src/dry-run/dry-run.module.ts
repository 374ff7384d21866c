import { Module } from '@nestjs/common';
import { DraftsModule } from '../drafts/drafts.module.js';
import { BusRecordedCalls } from './adapters/bus-recorded-calls.adapter.js';
import { DryRunController } from './dry-run.controller.js';
import { DryRunService } from './dry-run.service.js';
import { RecordedCalls } from './recorded-calls.port.js';

@Module({
  imports: [DraftsModule],
  controllers: [DryRunController],
  providers: [DryRunService, { provide: RecordedCalls, useClass: BusRecordedCalls }],
  exports: [RecordedCalls],
})
export class DryRunModule {}
