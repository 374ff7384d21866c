import { Module } from '@nestjs/common';
import { AdmissionModule } from './admission/admission.module.js';
import { AsksModule } from './asks/asks.module.js';
import { LettersModule } from './letters/letters.module.js';
import { RevealsModule } from './reveals/reveals.module.js';
import { SchedulesModule } from './schedules/schedules.module.js';
import { VaultModule } from './vault/vault.module.js';

@Module({ imports: [AdmissionModule, AsksModule, LettersModule, RevealsModule, SchedulesModule, VaultModule] })
export class AppModule {}
