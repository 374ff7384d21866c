import { Module } from '@nestjs/common';
import { BusRunJournalAdapter } from './adapters/bus-run-journal.adapter.js';
import { RunJournalPort } from './run-journal.port.js';

@Module({ providers: [{ provide: RunJournalPort, useClass: BusRunJournalAdapter }], exports: [RunJournalPort] })
export class RunsModule {}
