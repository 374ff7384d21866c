import { Module } from '@nestjs/common';
import { CedarModule } from '../cedar/cedar.module.js';
import { DraftsModule } from '../drafts/drafts.module.js';
import { DryRunModule } from '../dry-run/dry-run.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { RecheckController } from './recheck.controller.js';
import { RecheckService } from './recheck.service.js';

@Module({
  imports: [StorageModule, CedarModule, DraftsModule, DryRunModule],
  controllers: [RecheckController],
  providers: [RecheckService],
})
export class RecheckModule {}
