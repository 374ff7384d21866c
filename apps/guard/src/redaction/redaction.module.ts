import { Module } from '@nestjs/common';
import { VaultModule } from '../vault/vault.module.js';
import { RedactionService } from './redaction.service.js';

@Module({ imports: [VaultModule], providers: [RedactionService], exports: [RedactionService] })
export class RedactionModule {}
