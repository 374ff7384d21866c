import { add, divide, long, remainder, subtract } from './long.js';
import { isInRange, isLoopback, isMulticast, parseIp } from './parse-ip.js';
import { DAY_MS, parseDatetime, parseDuration } from './parse-time.js';
import {
  asText,
  CedarDatetime,
  CedarDecimal,
  CedarDuration,
  CedarIp,
  type CedarValue,
  EvaluationError,
  type Long,
  wrong,
} from './value.js';

type Extension = (...args: CedarValue[]) => CedarValue;

/** The extension functions and methods of Cedar 4.5, by name, each with the number of its arguments. */
export const EXTENSIONS: ReadonlyMap<string, { arity: number; call: Extension }> = new Map(
  Object.entries({
    ip: (text) => parseIp(asText(text!)),
    decimal: (text) => parseDecimal(asText(text!)),
    datetime: (text) => parseDatetime(asText(text!)),
    duration: (text) => parseDuration(asText(text!)),
    isIpv4: (ip) => asIp(ip).version === 4,
    isIpv6: (ip) => asIp(ip).version === 6,
    isLoopback: (ip) => isLoopback(asIp(ip)),
    isMulticast: (ip) => isMulticast(asIp(ip)),
    isInRange: (inner, outer) => isInRange(asIp(inner), asIp(outer)),
    lessThan: (a, b) => asDecimal(a).units < asDecimal(b).units,
    lessThanOrEqual: (a, b) => asDecimal(a).units <= asDecimal(b).units,
    greaterThan: (a, b) => asDecimal(a).units > asDecimal(b).units,
    greaterThanOrEqual: (a, b) => asDecimal(a).units >= asDecimal(b).units,
    offset: (at, by) => new CedarDatetime(add(asDatetime(at).ms, asDuration(by).ms)),
    durationSince: (at, since) => new CedarDuration(subtract(asDatetime(at).ms, asDatetime(since).ms)),
    toDate: (at) => new CedarDatetime(subtract(asDatetime(at).ms, sinceMidnight(asDatetime(at).ms))),
    toTime: (at) => new CedarDuration(sinceMidnight(asDatetime(at).ms)),
    toMilliseconds: (span) => asDuration(span).ms,
    toSeconds: (span) => divide(asDuration(span).ms, 1_000),
    toMinutes: (span) => divide(asDuration(span).ms, 60_000),
    toHours: (span) => divide(asDuration(span).ms, 3_600_000),
    toDays: (span) => divide(asDuration(span).ms, DAY_MS),
  } satisfies Record<string, Extension>).map(([name, call]: [string, Extension]) => [
    name,
    { arity: call.length, call },
  ]),
);

const FRACTION_DIGITS_MAX = 4;

/** `decimal("12.3400")`: one to four digits after the point, in 64 bits. */
export function parseDecimal(text: string): CedarDecimal {
  const match = /^(-?)(\d+)\.(\d+)$/.exec(text);
  const [sign, whole, fraction] = match?.slice(1) ?? [];
  if (fraction === undefined || fraction.length > FRACTION_DIGITS_MAX)
    throw new EvaluationError('A text is not a decimal number of at most four places.');
  const units = BigInt(`${whole}${fraction.padEnd(FRACTION_DIGITS_MAX, '0')}`);
  const signed = sign === '-' ? -units : units;
  long(signed);
  return new CedarDecimal(signed);
}

/** Never negative, also before 1970. */
function sinceMidnight(ms: Long): Long {
  const rest = remainder(ms, DAY_MS);
  return rest < 0 ? add(rest, DAY_MS) : rest;
}

const asIp = (value: CedarValue | undefined): CedarIp => (value instanceof CedarIp ? value : wrong('an IP address'));
const asDecimal = (value: CedarValue | undefined): CedarDecimal =>
  value instanceof CedarDecimal ? value : wrong('a decimal number');
const asDatetime = (value: CedarValue | undefined): CedarDatetime =>
  value instanceof CedarDatetime ? value : wrong('a time');
const asDuration = (value: CedarValue | undefined): CedarDuration =>
  value instanceof CedarDuration ? value : wrong('a duration');
