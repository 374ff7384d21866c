import { Module } from '@nestjs/common';
import { PolicyModule } from '@signalbox/app-runtime';
import { ApprovalsModule } from '../approvals/approvals.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { RedactionModule } from '../redaction/redaction.module.js';
import { RoomModule } from '../room/room.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { VaultModule } from '../vault/vault.module.js';
import { AdmissionHandler } from './admission.handler.js';
import { AdmissionService } from './admission.service.js';
import { StartRights } from './start-rights.service.js';
import { InterventionService } from './intervention.service.js';

@Module({
  imports: [ApprovalsModule, IdempotencyModule, PolicyModule, RedactionModule, RoomModule, RunsModule, VaultModule],
  controllers: [AdmissionHandler],
  // Also a provider: dead letters are handled again by the same hand.
  providers: [AdmissionService, StartRights, InterventionService, AdmissionHandler],
  exports: [AdmissionHandler, AdmissionService],
})
export class AdmissionModule {}
