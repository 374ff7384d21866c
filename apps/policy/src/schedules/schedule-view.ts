import type { Schedule } from '@signalbox/contracts';
import type { LastFiring, StoredSchedule } from './schedules.port.js';

/** A schedule as the API shows it. */
export interface ScheduleView {
  id: string;
  revision: number;
  updatedAt: string;
  definition: Schedule;
  /** What it asks, without personal data and shortened. */
  input: unknown;
  nextAt: string | null;
  last: (Omit<LastFiring, 'dueAt' | 'at'> & { dueAt: string; at: string }) | null;
  started: number;
  missed: number;
}

export function viewOf(stored: StoredSchedule): ScheduleView {
  const { schedule, revision, updatedAt, preview, nextAt, last, started, missed } = stored;
  return {
    id: schedule.id,
    revision,
    updatedAt: updatedAt.toISOString(),
    definition: schedule,
    input: preview,
    nextAt: nextAt === null ? null : isoOf(nextAt),
    last: last && { ...last, dueAt: isoOf(last.dueAt), at: isoOf(last.at) },
    started,
    missed,
  };
}

const isoOf = (at: number): string => new Date(at).toISOString();
