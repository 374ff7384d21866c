import { Module } from '@nestjs/common';
import { LettersModule } from './letters/letters.module.js';
import { PartitionsModule } from './partitions/partitions.module.js';

@Module({ imports: [LettersModule, PartitionsModule] })
export class AppModule {}
