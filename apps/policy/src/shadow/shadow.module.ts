import { Module } from '@nestjs/common';
import { BundlesModule } from '../bundles/bundles.module.js';
import { DraftsModule } from '../drafts/drafts.module.js';
import { DryRunModule } from '../dry-run/dry-run.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { ShadowController } from './shadow.controller.js';
import { ShadowDrafts } from './shadow-drafts.service.js';
import { ShadowService } from './shadow.service.js';

@Module({
  imports: [StorageModule, BundlesModule, DraftsModule, DryRunModule],
  controllers: [ShadowController],
  providers: [ShadowDrafts, ShadowService],
})
export class ShadowModule {}
