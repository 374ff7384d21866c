import { PolicyModule } from '@signalbox/app-runtime';
import { Module, type Provider } from '@nestjs/common';
import { KvApprovalIndexAdapter } from '../approvals/adapters/kv-approval-index.adapter.js';
import { ApprovalIndexPort } from '../approvals/approval-index.port.js';
import { OpenApprovalsService } from '../approvals/open-approvals.service.js';
import { BusDispatchAdapter } from '../dispatch/adapters/bus-dispatch.adapter.js';
import { ChildrenService } from '../dispatch/children.service.js';
import { DispatchGate } from '../dispatch/dispatch-gate.js';
import { DispatchPort } from '../dispatch/dispatch.port.js';
import { KvBudgetsAdapter } from '../limits/adapters/kv-budgets.adapter.js';
import { PolicyLimitsAdapter } from '../limits/adapters/policy-limits.adapter.js';
import { BudgetsPort } from '../limits/budgets.port.js';
import { BudgetsService } from '../limits/budgets.service.js';
import { LimitsPort } from '../limits/limits.port.js';
import { KvLoadAdapter } from '../load/adapters/kv-load.adapter.js';
import { LoadPort } from '../load/load.port.js';
import { LoadService } from '../load/load.service.js';
import { BusJournalAdapter } from '../journal/adapters/bus-journal.adapter.js';
import { JournalPort } from '../journal/journal.port.js';
import { StorePolicyAdapter } from '../policy/adapters/store-policy.adapter.js';
import { PolicyPort } from '../policy/policy.port.js';
import { KvQuotaStoreAdapter } from '../quotas/adapters/kv-quota-store.adapter.js';
import { QuotaStorePort } from '../quotas/quota-store.port.js';
import { QuotasService } from '../quotas/quotas.service.js';
import { AlarmsService } from '../runs/alarms.service.js';
import { RunsService } from '../runs/runs.service.js';
import { TimersService } from '../timers/timers.service.js';
import { KvCheckpointsAdapter } from './adapters/kv-checkpoints.adapter.js';
import { KvLeasesAdapter } from './adapters/kv-leases.adapter.js';
import { CheckpointsPort } from './checkpoints.port.js';
import { LeasesPort } from './leases.port.js';
import { PartitionsService } from './partitions.service.js';
import { WholenessService } from './wholeness.service.js';

/** All that a router is made of. */
export const ROUTER_PROVIDERS: Provider[] = [
  PartitionsService,
  WholenessService,
  RunsService,
  AlarmsService,
  ChildrenService,
  TimersService,
  LoadService,
  DispatchGate,
  BudgetsService,
  QuotasService,
  OpenApprovalsService,
  { provide: ApprovalIndexPort, useClass: KvApprovalIndexAdapter },
  { provide: QuotaStorePort, useClass: KvQuotaStoreAdapter },
  { provide: BudgetsPort, useClass: KvBudgetsAdapter },
  { provide: LimitsPort, useClass: PolicyLimitsAdapter },
  { provide: LoadPort, useClass: KvLoadAdapter },
  { provide: LeasesPort, useClass: KvLeasesAdapter },
  { provide: CheckpointsPort, useClass: KvCheckpointsAdapter },
  { provide: JournalPort, useClass: BusJournalAdapter },
  { provide: DispatchPort, useClass: BusDispatchAdapter },
  { provide: PolicyPort, useClass: StorePolicyAdapter },
];

@Module({ imports: [PolicyModule], providers: ROUTER_PROVIDERS })
export class PartitionsModule {}
