import { Module } from '@nestjs/common';
import { BundlesModule } from '../bundles/bundles.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { CedarController } from '../cedar/cedar.controller.js';
import { CedarModule } from '../cedar/cedar.module.js';
import { DefinitionsController } from './definitions.controller.js';
import { DefinitionsService } from './definitions.service.js';
import { KeysController } from './keys.controller.js';

@Module({
  imports: [StorageModule, BundlesModule, CedarModule],
  controllers: [CedarController, KeysController, DefinitionsController],
  providers: [DefinitionsService],
})
export class DefinitionsModule {}
