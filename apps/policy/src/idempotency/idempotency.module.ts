import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { StorageModule } from '../storage/storage.module.js';
import { PostgresKeptAnswers } from './adapters/postgres-kept-answers.adapter.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { KeptAnswersPort } from './kept-answers.port.js';

@Module({
  imports: [StorageModule],
  providers: [
    { provide: KeptAnswersPort, useClass: PostgresKeptAnswers },
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
  ],
})
export class IdempotencyModule {}
