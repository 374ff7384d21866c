import type { ScheduleTimes } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Cron } from 'croner';

/** When something is due, ms since 1970. */
export interface DueTimes {
  /** The first due time after this moment; null: never again. */
  next(afterMs: number): number | null;
  /** The last due time up to and with this moment; null: none yet. */
  latest(atMs: number): number | null;
}

/**
 * Due times of a schedule. A cron pattern speaks of the clock on the wall of its time zone: a time that a change of clocks
 * leaves out is due when the clock has jumped over it, one that comes twice is due once, and every hour stays every hour.
 * REQUEST_INVALID for a pattern or zone that cannot be read, or that is never due.
 */
export function dueTimes(times: ScheduleTimes): DueTimes {
  return times.kind === 'cron' ? cronTimes(times.cron, times.timeZone) : intervalTimes(times.everyMs, times.startAt);
}

function cronTimes(pattern: string, timeZone: string): DueTimes {
  if (!isTimeZone(timeZone)) throw invalid('times.timeZone', 'is not the name of a time zone, such as Europe/Berlin');
  const cron = parse(pattern, timeZone);
  return {
    next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() ?? null,
    // What comes before the next moment: the library leaves out the moment that it is given.
    latest: (atMs) => cron.previousRuns(1, new Date(atMs + 1))[0]?.getTime() ?? null,
  };
}

function parse(pattern: string, timezone: string): Cron {
  let cron: Cron;
  try {
    cron = new Cron(pattern, { timezone, paused: true, mode: '5-part' });
  } catch (error) {
    throw invalid('times.cron', error instanceof Error ? error.message.slice(0, 200) : 'cannot be read');
  }
  if (cron.nextRun() === null) throw invalid('times.cron', 'is never due');
  return cron;
}

function intervalTimes(everyMs: number, startAt: number): DueTimes {
  const nth = (n: number): number => startAt + n * everyMs;
  return {
    next: (afterMs) => (afterMs < startAt ? startAt : nth(Math.floor((afterMs - startAt) / everyMs) + 1)),
    latest: (atMs) => (atMs < startAt ? null : nth(Math.floor((atMs - startAt) / everyMs))),
  };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function invalid(field: string, text: string): MeshError {
  return new MeshError('REQUEST_INVALID', `${field}: ${text}`, { details: { fields: [field] } });
}
