import { createHmac, type Hmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type Channel, journalSeal, type ServiceName, SERVICES } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { type GateSigner, isSealOf, isSignature, sealsOf } from './gate-seal.js';
import { KeyRing } from './key-ring.js';

/**
 * The body of every message on CORE: `sb1 <kind> <author> <seal>\n<json>`, seal = `-`, `h:<HMAC-SHA256>`, or `e:` or `m:`
 * with a signature (gate-seal.ts), all base64url. A seal covers `<subject>\n<kind>\n<author>\n<json>`.
 */
export interface Frame {
  kind: string;
  author: ServiceName;
  seal: string;
  json: Uint8Array;
}

/** How a message has to be sealed. */
export type SealRule = Channel['seal'];
export type SealState = 'verified' | 'unchecked' | 'invalid';

const VERSION = 'sb1';
const HEAD_BYTES_MAX = 512;
const KIND = /^[a-z0-9][a-z0-9.-]{0,63}$/;
const NEWLINE = 0x0a;
const UNSEALED = '-';

/** The bytes of a message; what is signed, signed by itself. */
export function encodeFrame(
  subject: string,
  kind: string,
  author: ServiceName,
  json: Uint8Array,
  rule: SealRule,
  keys: KeyRing,
): Uint8Array {
  return frameOf(kind, author, makeSeal(subject, kind, author, json, rule, keys), json);
}

/** The same, signed together with what else is at this moment. */
export async function encodeSigned(
  subject: string,
  kind: string,
  author: ServiceName,
  json: Uint8Array,
  signer: GateSigner,
): Promise<Uint8Array> {
  return frameOf(kind, author, await signer.seal(whole(sealStart(subject, kind, author), json)), json);
}

/** Whether messages of this author are signed under the rule. */
export const isSigned = (author: ServiceName, rule: SealRule): boolean => sealMeans(author, rule).kind === 'ed25519';

const frameOf = (kind: string, author: ServiceName, seal: string, json: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`${VERSION} ${kind} ${author} ${seal}\n`), json]);

/** Splits a body; REQUEST_MALFORMED when it is no frame. Says nothing yet about who sent it. */
export function decodeFrame(data: Uint8Array): Frame {
  const end = data.subarray(0, HEAD_BYTES_MAX).indexOf(NEWLINE);
  if (end < 0) throw malformed();
  const [version, kind, author, seal, ...rest] = Buffer.from(data.buffer, data.byteOffset, end)
    .toString('latin1')
    .split(' ');
  if (version !== VERSION || kind === undefined || author === undefined || seal === undefined || rest.length > 0)
    throw malformed();
  if (!KIND.test(kind) || !isService(author)) throw malformed();
  return { kind, author, seal, json: data.subarray(end + 1) };
}

/** `unchecked` where this service holds no key for it; a channel without seals is `verified`. */
export function checkSeal(subject: string, frame: Frame, rule: SealRule, keys: KeyRing): SealState {
  const means = sealMeans(frame.author, rule);
  if (means.kind === 'none') return frame.seal === UNSEALED ? 'verified' : 'invalid';
  const start = sealStart(subject, frame.kind, frame.author);
  if (means.kind === 'ed25519') {
    if (!isSignature(frame.seal)) return 'invalid';
    if (!keys.has('gate-sign.pub')) return 'unchecked';
    return isSealOf(whole(start, frame.json), frame.seal, keys.publicKey('gate-sign.pub')) ? 'verified' : 'invalid';
  }
  if (!frame.seal.startsWith('h:')) return 'invalid';
  if (!keys.has(means.key)) return 'unchecked';
  const given = Buffer.from(frame.seal.slice(2), 'base64url');
  const right = hmac(keys.hmacKey(means.key), start, frame.json).digest();
  return given.length === right.length && timingSafeEqual(given, right) ? 'verified' : 'invalid';
}

type Means = { kind: 'none' } | { kind: 'ed25519' } | { kind: 'hmac'; key: string };

function sealMeans(author: ServiceName, rule: SealRule): Means {
  if (rule === 'none') return { kind: 'none' };
  const effective = rule === 'journal' ? journalSeal(author) : rule;
  if (effective === 'ed25519') return { kind: 'ed25519' };
  return { kind: 'hmac', key: KeyRing.pairName(author, effective.slice('pair:'.length) as ServiceName) };
}

function makeSeal(
  subject: string,
  kind: string,
  author: ServiceName,
  json: Uint8Array,
  rule: SealRule,
  keys: KeyRing,
): string {
  const means = sealMeans(author, rule);
  if (means.kind === 'none') return UNSEALED;
  const start = sealStart(subject, kind, author);
  if (means.kind === 'ed25519') return sealsOf([whole(start, json)], keys.privateKey('gate-sign.key'))[0]!;
  return `h:${hmac(keys.hmacKey(means.key), start, json).digest('base64url')}`;
}

/** What a seal covers is this and the JSON behind it. */
const sealStart = (subject: string, kind: string, author: string): string => `${subject}\n${kind}\n${author}\n`;

const whole = (start: string, json: Uint8Array): Buffer => Buffer.concat([Buffer.from(start), json]);

/** In two parts: joining them would copy every body once more. */
const hmac = (key: KeyObject, start: string, json: Uint8Array): Hmac =>
  createHmac('sha256', key).update(start).update(json);

const names: ReadonlySet<string> = new Set(SERVICES);
export function isService(name: string): name is ServiceName {
  return names.has(name);
}

function malformed(): MeshError {
  return new MeshError('REQUEST_MALFORMED', 'The message is not framed as messages on the bus are.');
}
