import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.js';
import { PostgresChangesAdapter } from './adapters/postgres-changes.adapter.js';
import { ChangeTeller } from './change-teller.service.js';
import { ChangesController, MeshChangesController } from './changes.controller.js';
import { ChangesPort } from './changes.port.js';

@Module({
  imports: [StorageModule],
  controllers: [ChangesController, MeshChangesController],
  providers: [ChangeTeller, { provide: ChangesPort, useClass: PostgresChangesAdapter }],
})
export class ChangesModule {}
