import { Database } from '@signalbox/persistence';
import type { Logger } from '@signalbox/telemetry';
import type { PolicyConfig } from '../config.js';
import { AddCallers1797500000000 } from '../callers/migrations/add-callers.migration.js';
import { DraftEntity } from '../drafts/entities/draft.entity.js';
import { AddDrafts1797400000000 } from '../drafts/migrations/add-drafts.migration.js';
import { AddChanges1797000000000 } from '../changes/migrations/add-changes.migration.js';
import { ScheduleEntity } from '../schedules/entities/schedule.entity.js';
import { AddSchedules1795600000000 } from '../schedules/migrations/add-schedules.migration.js';
import { definitionEntities } from './adapters/postgres-tenant-transaction.js';
import { BundleEntity } from './entities/bundle.entity.js';
import { LimitsEntity } from './entities/limits.entity.js';
import { ReviewEntity } from './entities/review.entity.js';
import { TenantEntity } from './entities/tenant.entity.js';
import { AddHalts1795500000000 } from './migrations/add-halts.migration.js';
import { AddLimits1796400000000 } from './migrations/add-limits.migration.js';
import { AddPolicies1796500000000 } from './migrations/add-policies.migration.js';
import { AddQuotas1797100000000 } from './migrations/add-quotas.migration.js';
import { AddRedactions1796700000000 } from './migrations/add-redactions.migration.js';
import { AddWaivers1797300000000 } from './migrations/add-waivers.migration.js';
import { CreatePolicy1764000000000 } from './migrations/create-policy.migration.js';

const POOL_MAX = 10;

/** The service's own schema. */
export function makeDatabase(config: PolicyConfig, logger: Logger): Database {
  return new Database({
    url: config.pgUrl,
    schema: config.pgSchema,
    entities: [
      TenantEntity,
      BundleEntity,
      LimitsEntity,
      ReviewEntity,
      DraftEntity,
      ScheduleEntity,
      ...Object.values(definitionEntities),
    ],
    migrations: [
      CreatePolicy1764000000000,
      AddHalts1795500000000,
      AddSchedules1795600000000,
      AddLimits1796400000000,
      AddPolicies1796500000000,
      AddRedactions1796700000000,
      AddChanges1797000000000,
      AddQuotas1797100000000,
      AddWaivers1797300000000,
      AddDrafts1797400000000,
      AddCallers1797500000000,
    ],
    applicationName: 'signalbox policy',
    poolMax: POOL_MAX,
    logger,
  });
}
