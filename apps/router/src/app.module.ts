import { Module } from '@nestjs/common';
import { PartitionsModule } from './partitions/partitions.module.js';

@Module({ imports: [PartitionsModule] })
export class AppModule {}
