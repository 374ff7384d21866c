import { Module } from '@nestjs/common';
import { IncidentsModule } from '../incidents/incidents.module.js';
import { RecoveryModule } from '../recovery/recovery.module.js';
import { ArchiveService } from './archive.service.js';
import { StoreModule } from './store.module.js';

@Module({
  imports: [IncidentsModule, RecoveryModule, StoreModule],
  providers: [ArchiveService],
  exports: [ArchiveService, StoreModule],
})
export class ArchiveModule {}
