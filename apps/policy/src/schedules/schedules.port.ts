import type { Schedule, ScheduleFiredV1, WireError } from '@signalbox/contracts';
import type { Page } from '../storage/policy.repository.js';

/** How the last due time went. `missed`: it passed while nobody could fire. */
export interface LastFiring {
  dueAt: number;
  at: number;
  outcome: ScheduleFiredV1['outcome'] | 'missed';
  runId: string | null;
  error: WireError | null;
}

export interface StoredSchedule {
  tenant: string;
  schedule: Schedule;
  /** What it asks, sealed for the guard, and the same for an operator's eyes. */
  sealed: string;
  preview: unknown;
  /** Counts from 1. */
  revision: number;
  updatedAt: Date;
  /** Null while it is off, or when it is never due again. */
  nextAt: number | null;
  /** The newest run that was started. */
  runId: string | null;
  last: LastFiring | null;
  started: number;
  missed: number;
}

export type ScheduleChange = Pick<StoredSchedule, 'schedule' | 'sealed' | 'preview' | 'nextAt'>;

/** What a firing leaves behind. */
export interface Settled {
  nextAt: number | null;
  last: LastFiring;
  missed: number;
}

/** Where schedules are kept. Every method may throw STORE_UNAVAILABLE. */
export abstract class SchedulesPort {
  abstract list(tenant: string, page: Page): Promise<StoredSchedule[]>;
  abstract get(tenant: string, id: string): Promise<StoredSchedule | null>;
  /** Runs `change` under the tenant's lock with what is there; null removes it. NOT_FOUND without such a tenant. */
  abstract change(
    tenant: string,
    id: string,
    change: (before: StoredSchedule | null, count: number) => ScheduleChange | null,
  ): Promise<StoredSchedule | null>;
  /** Takes schedules that are due, so that no other process looks at them until `untilMs`. */
  abstract claim(nowMs: number, untilMs: number, limit: number): Promise<StoredSchedule[]>;
  /** Keeps how it went and gives the schedule free; nothing if it was changed meanwhile. */
  abstract settle(claimed: StoredSchedule, settled: Settled): Promise<void>;
  /** Gives it free without an outcome, to be looked at again after `untilMs`. */
  abstract release(claimed: StoredSchedule, untilMs: number): Promise<void>;
}
