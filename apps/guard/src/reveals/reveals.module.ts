import { Module } from '@nestjs/common';
import { PolicyModule } from '@signalbox/app-runtime';
import { VaultModule } from '../vault/vault.module.js';
import { JournalCallsAdapter } from './adapters/journal-calls.adapter.js';
import { CallsPort } from './calls.port.js';
import { RevealsHandler } from './reveals.handler.js';
import { RevealsService } from './reveals.service.js';

@Module({
  imports: [PolicyModule, VaultModule],
  controllers: [RevealsHandler],
  providers: [RevealsService, { provide: CallsPort, useClass: JournalCallsAdapter }],
})
export class RevealsModule {}
