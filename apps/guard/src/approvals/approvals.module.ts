import { Module } from '@nestjs/common';
import { PolicyModule } from '@signalbox/app-runtime';
import { RedactionModule } from '../redaction/redaction.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { VaultModule } from '../vault/vault.module.js';
import { KvOpenApprovalsAdapter } from './adapters/kv-open-approvals.adapter.js';
import { ApprovalsHandler } from './approvals.handler.js';
import { ApprovalsService } from './approvals.service.js';
import { EditedArgumentsService } from './edited-arguments.service.js';
import { OpenApprovalsPort } from './open-approvals.port.js';
import { SpeakersService } from './speakers.service.js';

@Module({
  imports: [PolicyModule, RedactionModule, RunsModule, VaultModule],
  controllers: [ApprovalsHandler],
  providers: [
    ApprovalsService,
    EditedArgumentsService,
    SpeakersService,
    { provide: OpenApprovalsPort, useClass: KvOpenApprovalsAdapter },
  ],
  exports: [ApprovalsService, SpeakersService],
})
export class ApprovalsModule {}
