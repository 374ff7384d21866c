import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.js';
import { BusBundleBucket } from './adapters/bus-bundle-bucket.js';
import { BundleBucket } from './bundle-bucket.port.js';
import { BundleDelivery } from './bundle-delivery.service.js';
import { BundleIssuer } from './bundle-issuer.service.js';
import { BundlesController } from './bundles.controller.js';

@Module({
  imports: [StorageModule],
  controllers: [BundlesController],
  providers: [BundleIssuer, BundleDelivery, { provide: BundleBucket, useClass: BusBundleBucket }],
  exports: [BundleIssuer, BundleDelivery],
})
export class BundlesModule {}
