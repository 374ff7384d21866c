import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.js';
import { BusReplayAdapter } from './adapters/bus-replay.adapter.js';
import { BusVaultAdapter } from './adapters/bus-vault.adapter.js';
import { RedactionController } from './redaction.controller.js';
import { RedactionTrialService } from './redaction-trial.service.js';
import { ReplayPort } from './replay.port.js';
import { VaultController } from './vault.controller.js';
import { VaultPort } from './vault.port.js';

@Module({
  imports: [StorageModule],
  controllers: [VaultController, RedactionController],
  providers: [
    RedactionTrialService,
    { provide: ReplayPort, useClass: BusReplayAdapter },
    { provide: VaultPort, useClass: BusVaultAdapter },
  ],
})
export class PrivacyModule {}
