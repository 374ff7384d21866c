import type { Schedule } from '@signalbox/contracts';
import type { DueTimes } from './due-times.js';

/** A due time that is fired within this time is on time, ms: a restart, or a guard that is away for a moment. */
export const GRACE_MS = 60_000;
/** Due times that are counted as missed at once; beyond, the count is a lower bound. */
const MISSED_MAX = 100;

export interface FiringPlan {
  /** The due time to fire now; null: none. */
  fire: number | null;
  /** Due times that passed and are given up. */
  missed: number;
  /** When it is due next; null: never again. */
  next: number | null;
}

/**
 * What to do about a schedule that was due at `dueAt`, at this moment. At most one run, for the last due time that passed:
 * nobody wants the backlog of a week at once.
 */
export function planFiring(
  times: DueTimes,
  missed: Schedule['missed'],
  { dueAt, nowMs }: { dueAt: number; nowMs: number },
): FiringPlan {
  const latest = Math.max(times.latest(nowMs) ?? dueAt, dueAt);
  const isOnTime = nowMs - latest <= GRACE_MS;
  const fire = isOnTime || missed === 'once' ? latest : null;
  let passed = 0;
  for (let at: number | null = dueAt; at !== null && at <= latest && passed < MISSED_MAX; at = times.next(at)) passed++;
  return { fire, missed: fire === null ? passed : Math.max(0, passed - 1), next: times.next(Math.max(nowMs, latest)) };
}
