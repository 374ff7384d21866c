import { Module } from '@nestjs/common';
import { BundlesModule } from '../bundles/bundles.module.js';
import { SeedModule } from '../seed/seed.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { BundleUpkeep } from './bundle-upkeep.service.js';

@Module({ imports: [StorageModule, BundlesModule, SeedModule], providers: [BundleUpkeep] })
export class UpkeepModule {}
