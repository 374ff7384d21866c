import { Module } from '@nestjs/common';
import { CedarModule } from '../cedar/cedar.module.js';
import { ChangesModule } from '../changes/changes.module.js';
import { DryRunModule } from '../dry-run/dry-run.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { RecheckController } from './recheck.controller.js';
import { RecheckService } from './recheck.service.js';

@Module({
  imports: [StorageModule, CedarModule, ChangesModule, DryRunModule],
  controllers: [RecheckController],
  providers: [RecheckService],
})
export class RecheckModule {}
