import { CedarIp, EvaluationError } from './value.js';

const TEXT_CHARS_MAX = 43;
const V4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
const GROUP = /^[0-9A-Fa-f]{1,4}$/;
const GROUPS = 8;

/** `ip("10.0.0.0/8")`, `ip("::1")`. IPv4 within IPv6 notation is refused, as Cedar does. */
export function parseIp(text: string): CedarIp {
  const [address = '', prefix, ...more] = text.split('/');
  const version = address.includes(':') ? 6 : 4;
  const bits = version === 4 ? parseV4(address) : parseV6(address);
  const length = prefix === undefined ? widthOf(version) : parsePrefix(prefix, version);
  if (bits === null || length === null || more.length > 0 || text.length > TEXT_CHARS_MAX)
    throw new EvaluationError('A text is not an IP address or range.');
  return new CedarIp(version, bits, length);
}

export const widthOf = (version: 4 | 6): number => (version === 4 ? 32 : 128);

/** Whether all addresses of the one are among those of the other. */
export function isInRange(inner: CedarIp, outer: CedarIp): boolean {
  if (inner.version !== outer.version || inner.prefix < outer.prefix) return false;
  const shift = BigInt(widthOf(outer.version) - outer.prefix);
  return inner.bits >> shift === outer.bits >> shift;
}

const among = (...ranges: CedarIp[]): ((ip: CedarIp) => boolean) => {
  return (ip) => ranges.some((range) => isInRange(ip, range));
};
export const isLoopback = among(new CedarIp(4, 127n << 24n, 8), new CedarIp(6, 1n, 128));
export const isMulticast = among(new CedarIp(4, 224n << 24n, 4), new CedarIp(6, 0xffn << 120n, 8));

function parseV4(text: string): bigint | null {
  const parts = V4.exec(text)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) return null;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | null {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return null;
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  if (before === null || after === null) return null;
  const missing = GROUPS - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function groupsOf(text: string): string[] | null {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every((group) => GROUP.test(group)) ? groups : null;
}

function parsePrefix(text: string, version: 4 | 6): number | null {
  if (!/^(0|[1-9]\d{0,2})$/.test(text)) return null;
  const length = Number(text);
  return length <= widthOf(version) ? length : null;
}
