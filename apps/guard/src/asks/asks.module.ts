import { Module } from '@nestjs/common';
import { PolicyModule } from '@signalbox/app-runtime';
import { ApprovalsModule } from '../approvals/approvals.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { RedactionModule } from '../redaction/redaction.module.js';
import { RoomModule } from '../room/room.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { VaultModule } from '../vault/vault.module.js';
import { AsksHandler } from './asks.handler.js';
import { ReadingService } from './reading.service.js';
import { WatchService } from './watch.service.js';

@Module({
  imports: [ApprovalsModule, IdempotencyModule, PolicyModule, RedactionModule, RoomModule, RunsModule, VaultModule],
  controllers: [AsksHandler],
  providers: [ReadingService, WatchService],
})
export class AsksModule {}
