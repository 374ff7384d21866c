import { long } from './long.js';
import { CedarDatetime, CedarDuration, EvaluationError } from './value.js';

const DATETIME = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{3}))?(?:Z|([+-])(\d{2})(\d{2})))?$/;
const DURATION = /^(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const UNITS_MS = [86_400_000n, 3_600_000n, 60_000n, 1_000n, 1n];

export const DAY_MS = 86_400_000;

/** `datetime("2026-01-31")`, `datetime("2026-01-31T08:00:00.000+0100")`. */
export function parseDatetime(text: string): CedarDatetime {
  const match = DATETIME.exec(text);
  const [year, month, day, hour, minute, second, ms] = (match ?? []).slice(1, 8).map((part) => Number(part ?? 0));
  const [sign, offsetHour, offsetMinute] = [match?.[8], Number(match?.[9] ?? 0), Number(match?.[10] ?? 0)];
  const date = new Date(0);
  date.setUTCFullYear(year!, month! - 1, day);
  const isDay = date.getUTCMonth() === month! - 1 && date.getUTCDate() === day;
  if (!isDay || hour! > 23 || minute! > 59 || second! > 59 || offsetHour > 23 || offsetMinute > 59)
    throw new EvaluationError('A text is not a date or a time.');
  const offsetMs = (offsetHour * 60 + offsetMinute) * 60_000;
  return new CedarDatetime(date.setUTCHours(hour!, minute, second, ms) - (sign === '-' ? -offsetMs : offsetMs));
}

/** `duration("-1d2h3m4s5ms")`, from large to small, at least one of them. */
export function parseDuration(text: string): CedarDuration {
  const match = DURATION.exec(text);
  const parts = match?.slice(2) ?? [];
  if (!parts.some((part) => part !== undefined)) throw new EvaluationError('A text is not a duration.');
  const ms = parts.reduce((sum, part, index) => sum + BigInt(part ?? 0) * UNITS_MS[index]!, 0n);
  return new CedarDuration(long(match![1] === '-' ? -ms : ms));
}
