import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { type ScheduleFiredV1, type ScheduleFireV1, subjects } from '@signalbox/contracts';
import { FiringPort } from '../firing.port.js';

/** For the guard's answer, ms. */
const ASK_MS = 10_000;

@Injectable()
export class BusFiringAdapter extends FiringPort {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override fire(tenant: string, order: ScheduleFireV1): Promise<ScheduleFiredV1> {
    return this.bus.request('scheduleFire', subjects.svc('guard', 'fire', tenant), order, { timeoutMs: ASK_MS });
  }

  override async note(tenant: string, facts: Record<string, string | number | null>): Promise<void> {
    const kind = 'schedule-refused';
    await this.bus.publish('audit', subjects.audit(tenant, kind), { kind, service: 'policy', facts, at: Date.now() });
  }
}
