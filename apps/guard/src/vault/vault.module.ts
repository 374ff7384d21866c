import { Module } from '@nestjs/common';
import { DatabaseModule } from '../storage/database.module.js';
import { PostgresVaultAdapter } from './adapters/postgres-vault.adapter.js';
import { DepositHandler } from './deposit.handler.js';
import { VaultPort } from './vault.port.js';

@Module({
  imports: [DatabaseModule],
  controllers: [DepositHandler],
  providers: [{ provide: VaultPort, useClass: PostgresVaultAdapter }],
  exports: [VaultPort],
})
export class VaultModule {}
