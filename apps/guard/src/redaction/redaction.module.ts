import { Module } from '@nestjs/common';
import { PolicyModule } from '@signalbox/app-runtime';
import { VaultModule } from '../vault/vault.module.js';
import { RedactionService } from './redaction.service.js';

@Module({ imports: [PolicyModule, VaultModule], providers: [RedactionService], exports: [RedactionService] })
export class RedactionModule {}
