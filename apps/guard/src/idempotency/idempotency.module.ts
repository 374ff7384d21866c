import { Module } from '@nestjs/common';
import { RunsModule } from '../runs/runs.module.js';
import { DatabaseModule } from '../storage/database.module.js';
import { PostgresIdempotencyAdapter } from './adapters/postgres-idempotency.adapter.js';
import { IdempotencyPort } from './idempotency.port.js';
import { IdempotencyService } from './idempotency.service.js';
import { SweeperService } from './sweeper.service.js';

@Module({
  imports: [DatabaseModule, RunsModule],
  providers: [IdempotencyService, SweeperService, { provide: IdempotencyPort, useClass: PostgresIdempotencyAdapter }],
  exports: [IdempotencyService],
})
export class IdempotencyModule {}
