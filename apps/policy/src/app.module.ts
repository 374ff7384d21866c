import { Module } from '@nestjs/common';
import { AccessModule } from '@signalbox/access';
import { CallersModule } from './callers/callers.module.js';
import { StoredPrincipals } from './callers/stored-principals.adapter.js';
import { DraftsModule } from './drafts/drafts.module.js';
import { DryRunModule } from './dry-run/dry-run.module.js';
import { ChangesModule } from './changes/changes.module.js';
import { DefinitionsModule } from './definitions/definitions.module.js';
import { IdempotencyModule } from './idempotency/idempotency.module.js';
import { LimitsModule } from './limits/limits.module.js';
import { OpenApiModule } from './openapi/openapi.module.js';
import { RecheckModule } from './recheck/recheck.module.js';
import { PrivacyModule } from './privacy/privacy.module.js';
import { SchedulesModule } from './schedules/schedules.module.js';
import { ShadowModule } from './shadow/shadow.module.js';
import { UpkeepModule } from './upkeep/upkeep.module.js';

@Module({
  imports: [
    AccessModule.with(StoredPrincipals, [CallersModule]),
    CallersModule,
    ChangesModule,
    IdempotencyModule,
    SchedulesModule,
    LimitsModule,
    DraftsModule,
    DryRunModule,
    ShadowModule,
    RecheckModule,
    PrivacyModule,
    DefinitionsModule,
    UpkeepModule,
    OpenApiModule,
  ],
})
export class AppModule {}
