import { Module } from '@nestjs/common';
import { PolicyModule } from '@signalbox/app-runtime';
import { RecogniserModule } from '@signalbox/app-runtime/recogniser';
import { CleaningService } from '../cleaning/cleaning.service.js';
import { DriversModule } from '../drivers/drivers.module.js';
import { RevealsService } from '../reveals/reveals.service.js';
import { BusCallJournalAdapter } from './adapters/bus-call-journal.adapter.js';
import { CallJournalPort } from './call-journal.port.js';
import { CallsHandler } from './calls.handler.js';
import { CallsService } from './calls.service.js';
import { Cancellations } from './cancellations.js';
import { RulingsService } from './rulings.service.js';

@Module({
  imports: [PolicyModule, DriversModule, RecogniserModule],
  controllers: [CallsHandler],
  providers: [
    CallsService,
    Cancellations,
    CleaningService,
    RevealsService,
    RulingsService,
    { provide: CallJournalPort, useClass: BusCallJournalAdapter },
  ],
})
export class CallsModule {}
