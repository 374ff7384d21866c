import { Module } from '@nestjs/common';
import { BundlesModule } from '../bundles/bundles.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { LimitsController } from './limits.controller.js';
import { LimitsService } from './limits.service.js';

@Module({ imports: [StorageModule, BundlesModule], controllers: [LimitsController], providers: [LimitsService] })
export class LimitsModule {}
