import { Module } from '@nestjs/common';
import { PolicyModule } from '@signalbox/app-runtime';
import { BusJournalAdapter } from './adapters/bus-journal.adapter.js';
import { KvSessionsAdapter } from './adapters/kv-sessions.adapter.js';
import { RunJournalPort, SessionsPort } from './sessions.port.js';
import { SessionsHandler } from './sessions.handler.js';
import { SessionsService } from './sessions.service.js';

@Module({
  imports: [PolicyModule],
  controllers: [SessionsHandler],
  providers: [
    SessionsService,
    { provide: SessionsPort, useClass: KvSessionsAdapter },
    { provide: RunJournalPort, useClass: BusJournalAdapter },
  ],
})
export class SessionsModule {}
