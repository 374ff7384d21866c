import { Module } from '@nestjs/common';
import { DatabaseModule } from '../storage/database.module.js';
import { PostgresVaultAdapter } from './adapters/postgres-vault.adapter.js';
import { FileRootKeysAdapter } from './adapters/file-root-keys.adapter.js';
import { DepositHandler } from './deposit.handler.js';
import { RootKeysPort } from './root-keys.port.js';
import { VaultAdminService } from './vault-admin.service.js';
import { VaultAskHandler } from './vault-ask.handler.js';
import { VaultUpkeep } from './vault-upkeep.service.js';
import { VaultPort } from './vault.port.js';

@Module({
  imports: [DatabaseModule],
  controllers: [DepositHandler, VaultAskHandler],
  providers: [
    { provide: RootKeysPort, useClass: FileRootKeysAdapter },
    PostgresVaultAdapter,
    { provide: VaultPort, useExisting: PostgresVaultAdapter },
    VaultAdminService,
    VaultUpkeep,
  ],
  exports: [VaultPort],
})
export class VaultModule {}
