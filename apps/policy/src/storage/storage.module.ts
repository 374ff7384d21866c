import { Module } from '@nestjs/common';
import { PostgresPolicyRepository } from './adapters/postgres-policy.repository.js';
import { PolicyRepository } from './policy.repository.js';

@Module({
  providers: [{ provide: PolicyRepository, useClass: PostgresPolicyRepository }],
  exports: [PolicyRepository],
})
export class StorageModule {}
