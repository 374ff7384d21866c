import { isWord } from '../../fold/chars.js';
import { type ShapeFound, type ShapeWord } from './shape.js';

const MAC = /[0-9a-f]{2}(?:([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}|[0-9a-f]{2}\.[0-9a-f]{4}\.[0-9a-f]{4})/y;
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
const IPV4 = new RegExp(String.raw`${OCTET}(?:\.${OCTET}){3}`, 'y');
/** At least two colons; what they make is checked afterwards. */
const IPV6 = /[0-9a-f]{1,4}:[0-9a-f:]{1,35}(?:\d{1,3}(?:\.\d{1,3}){3})?/y;
const VERSION_BEFORE = /(?:\bv|version|release|\bver\.?|@|\^|~)\s?$/;
/** Addresses of nobody in particular: unspecified, loopback, link-local, multicast, netmasks (RFC 6890). */
const NOBODY_V4 = /^(?:0\.|127\.|169\.254\.|22[4-9]\.|23\d\.|25[0-5]\.)/;

/** Addresses in networks, but not those that mean "this machine", and none right after the mark of a URL. */
export function networkId(word: ShapeWord): ShapeFound | undefined {
  const { lower } = word.text;
  const before = lower[word.start - 1] ?? ' ';
  if (before === ':' && isWord(lower.charCodeAt(word.start - 2))) return undefined;
  const mac = end(MAC, word);
  if (mac !== undefined) return { class: 'MAC', end: mac };
  const ipv4 = end(IPV4, word);
  if (ipv4 !== undefined) return isSomebodys(word, ipv4) ? { class: 'IP', end: ipv4 } : undefined;
  const ipv6 = end(IPV6, word);
  if (ipv6 === undefined) return undefined;
  const address = lower.slice(word.start, ipv6).replace(/(?<!:):$/, '');
  return isIpv6(address) ? { class: 'IP', end: word.start + address.length } : undefined;
}

function end(pattern: RegExp, { text, start, limit }: ShapeWord): number | undefined {
  pattern.lastIndex = start;
  const found = pattern.exec(text.lower);
  const stop = start + (found?.[0].length ?? 0);
  if (!found || stop > limit || isWord(text.lower.charCodeAt(stop))) return undefined;
  return /^[.:-][0-9a-f]/.test(text.lower.slice(stop, stop + 2)) && pattern !== IPV4 ? undefined : stop;
}

function isSomebodys({ text, start }: ShapeWord, stop: number): boolean {
  const { lower } = text;
  if (/^\.\d/.test(lower.slice(stop, stop + 2)) || NOBODY_V4.test(lower.slice(start, stop))) return false;
  const before = lower.slice(Math.max(0, start - 12), start);
  return !VERSION_BEFORE.test(before) && !/(?:\d\.|\/\/)$/.test(before);
}

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (groups.some((group) => !/^(?:[0-9a-f]{1,4}|\d{1,3}(?:\.\d{1,3}){3})$/.test(group))) return false;
  const size = groups.length + (text.includes('.') ? 1 : 0);
  // A time of day is no address.
  const isLong = size >= 3 || groups.some((group) => group.length >= 3);
  return halves.length === 2 ? size < 8 && isLong && /\d/.test(text) && /[a-f]|\d{3}/.test(text) : size === 8;
}
