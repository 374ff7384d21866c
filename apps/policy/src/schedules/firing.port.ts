import type { ScheduleFiredV1, ScheduleFireV1 } from '@signalbox/contracts';

/** The guard, as whoever fires schedules sees it. */
export abstract class FiringPort {
  /** Starts the run of a due time, once however often it is asked. Throws what may be asked again. */
  abstract fire(tenant: string, order: ScheduleFireV1): Promise<ScheduleFiredV1>;
  /** Puts on record that a schedule was refused. Best effort. */
  abstract note(tenant: string, facts: Record<string, string | number | null>): Promise<void>;
}
