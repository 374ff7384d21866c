import { Module } from '@nestjs/common';
import { BundlesModule } from '../bundles/bundles.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { SeedService } from './seed.service.js';

@Module({ imports: [StorageModule, BundlesModule], providers: [SeedService], exports: [SeedService] })
export class SeedModule {}
