import { Module } from '@nestjs/common';
import { BundlesModule } from '../bundles/bundles.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { DefinitionsController } from './definitions.controller.js';
import { DefinitionsService } from './definitions.service.js';
import { KeysController } from './keys.controller.js';

@Module({
  imports: [StorageModule, BundlesModule],
  controllers: [KeysController, DefinitionsController],
  providers: [DefinitionsService],
})
export class DefinitionsModule {}
