import { Module } from '@nestjs/common';
import { PolicyModule } from '@signalbox/app-runtime';
import { RecogniserModule } from '@signalbox/app-runtime/recogniser';
import { VaultModule } from '../vault/vault.module.js';
import { RedactionService } from './redaction.service.js';

@Module({
  imports: [PolicyModule, RecogniserModule, VaultModule],
  providers: [RedactionService],
  exports: [RedactionService],
})
export class RedactionModule {}
