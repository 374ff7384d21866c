import { Module } from '@nestjs/common';
import { RecoveryModule } from '../recovery/recovery.module.js';
import { ArchiveService } from './archive.service.js';
import { StoreModule } from './store.module.js';

@Module({ imports: [RecoveryModule, StoreModule], providers: [ArchiveService], exports: [ArchiveService, StoreModule] })
export class ArchiveModule {}
