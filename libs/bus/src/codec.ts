import {
  type AccountName,
  type Channel,
  type ChannelName,
  CHANNELS,
  CLAIM_CHECK_BYTES,
  MESSAGE_BYTES_MAX,
  type ServiceName,
  tenantOf,
} from '@signalbox/contracts';
import { MeshError, parseJson, validate } from '@signalbox/kernel';
import type { MsgHdrs } from '@nats-io/transport-node';
import { forbidden } from './bus-error.js';
import type { Claims } from './claim-check.js';
import { HEADER, readEnvelope } from './envelope.js';
import { checkSeal, decodeFrame, encodeFrame, encodeSigned, isSigned, type SealRule } from './frame.js';
import { GateSigner, SEALS_MAX } from './gate-seal.js';
import type { KeyRing } from './key-ring.js';
import { ownerOf } from './journal-codec.js';
import { LIMITS } from './limits.js';
import type { BusMessage, BusOptions } from './types.js';

export interface Incoming {
  subject: string;
  data: Uint8Array;
  headers?: MsgHdrs | undefined;
}

/** Turns bodies into bytes and back, as the account has it: framed and sealed on CORE, plain JSON on GATE. */
export class Codec {
  readonly #signer: GateSigner;
  readonly #bodiesByRun: boolean;

  constructor(
    readonly account: AccountName,
    readonly service: ServiceName,
    readonly keys: KeyRing,
    readonly claims: Claims,
    { sealsTogether = true, bodiesByRun = true }: Pick<BusOptions, 'sealsTogether' | 'bodiesByRun'> = {},
  ) {
    this.#bodiesByRun = bodiesByRun;
    const sealsMax = sealsTogether ? SEALS_MAX : 1;
    this.#signer = new GateSigner(() => keys.privateKey('gate-sign.key'), sealsMax);
  }

  /** Checks subject and body against the channel and gives its bytes; at once, unless the body goes to an object store or is signed. */
  encode(
    name: ChannelName,
    subject: string,
    kind: string | undefined,
    body: unknown,
    isChecked = false,
  ): { kind: string; data: Uint8Array | Promise<Uint8Array> } {
    const channel = this.channel(name);
    checkSubject(name, channel.subject, subject);
    if (!channel.publishers.includes(this.service)) throw forbidden('publish', subject);
    const known = kind ?? onlyKind(name, channel);
    const schema = channel.messages[known];
    if (!schema) throw new MeshError('REQUEST_INVALID', `The channel ${name} carries no ${known}.`);
    const checked: unknown = isChecked ? body : validate(schema, body);
    return { kind: known, data: this.encodeBody(subject, known, checked, channel.seal) };
  }

  /** The bytes of a body that has been validated. */
  encodeBody(subject: string, kind: string, body: unknown, rule: SealRule): Uint8Array | Promise<Uint8Array> {
    return this.encodeJson(subject, kind, JSON.stringify(body), rule);
  }

  /** The same of its JSON. */
  encodeJson(subject: string, kind: string, json: string, rule: SealRule): Uint8Array | Promise<Uint8Array> {
    const whole = Buffer.from(json);
    const claims = rule === 'journal' ? this.claims.journals : this.claims.work;
    if (whole.length <= CLAIM_CHECK_BYTES || !claims) return this.#enclose(subject, kind, whole, rule);
    const owner = rule === 'journal' && this.#bodiesByRun ? ownerOf(subject) : tenantOf(subject);
    return claims.put(owner, whole).then((claim) => this.#enclose(subject, kind, claim, rule));
  }

  #enclose(subject: string, kind: string, json: Uint8Array, rule: SealRule): Uint8Array | Promise<Uint8Array> {
    if (json.length > MESSAGE_BYTES_MAX - LIMITS.envelopeBytesMax) {
      throw new MeshError('PAYLOAD_TOO_LARGE', `A message of ${json.length} bytes is more than the bus carries.`);
    }
    if (this.account === 'GATE') return json;
    if (isSigned(this.service, rule)) return encodeSigned(subject, kind, this.service, json, this.#signer);
    return encodeFrame(subject, kind, this.service, json, rule, this.keys);
  }

  /**
   * The checked message. Throws REQUEST_MALFORMED (no frame, no JSON), SEAL_INVALID (wrong author or seal, or no key
   * to check it), REQUEST_INVALID (unknown kind, body against its schema), NOT_FOUND (its claim is gone).
   */
  async decode(name: ChannelName, incoming: Incoming): Promise<BusMessage<never>> {
    const channel = this.channel(name);
    const tenant = tenantOfIncoming(incoming.subject);
    const { kind, author, json } =
      this.account === 'GATE' ? this.#plain(name, channel, incoming) : this.#framed(channel, incoming);
    const schema = channel.messages[kind];
    // On GATE the kind is a header of whoever sent it, so it is not repeated.
    if (!schema) throw new MeshError('REQUEST_INVALID', `The channel ${name} carries no message of that kind.`);
    const body = validate(schema, await this.#value(tenant, json)) as never;
    return { channel: name, kind, author, tenant, subject: incoming.subject, body, ...readEnvelope(incoming.headers) };
  }

  /** The bytes of a reply. Errors are passed as what `MeshError.toWire` gives, under the kind `error`. */
  async encodeReply(subject: string, kind: 'reply' | 'error', body: unknown): Promise<Uint8Array> {
    return this.encodeBody(subject, kind, body, 'none');
  }

  /** A reply to a request on `subject`; an error in it is thrown, rebuilt from its code. */
  async decodeReply(name: ChannelName, subject: string, msg: Incoming): Promise<unknown> {
    const channel = this.channel(name);
    if (this.account === 'GATE') {
      const value = parseJson(msg.data);
      if ((msg.headers?.get(HEADER.error) ?? '') !== '') throw MeshError.fromWire(value);
      return this.#reply(channel, value);
    }
    const frame = decodeFrame(msg.data);
    if (!channel.subscribers.includes(frame.author))
      throw new MeshError('SEAL_INVALID', `${frame.author} may not answer here.`);
    if (frame.kind === 'error') throw MeshError.fromWire(parseJson(frame.json));
    return this.#reply(channel, await this.#value(tenantOf(subject), frame.json));
  }

  channel(name: ChannelName): Channel {
    const channel: Channel = CHANNELS[name];
    if (channel.account !== this.account)
      throw new MeshError('INTERNAL', `The channel ${name} is on ${channel.account}, not ${this.account}.`);
    return channel;
  }

  async #value(tenant: string, json: Uint8Array): Promise<unknown> {
    const value = jsonOf(json);
    return this.claims.work ? this.claims.work.resolve(tenant, value) : value;
  }

  #reply(channel: Channel, value: unknown): unknown {
    return channel.reply ? validate(channel.reply, value, 'INTERNAL') : value;
  }

  #plain(name: ChannelName, channel: Channel, incoming: Incoming): { kind: string; author: null; json: Uint8Array } {
    const type = incoming.headers?.get(HEADER.type) ?? '';
    return { kind: type === '' ? onlyKind(name, channel) : type, author: null, json: incoming.data };
  }

  #framed(channel: Channel, { subject, data }: Incoming): { kind: string; author: ServiceName; json: Uint8Array } {
    const frame = decodeFrame(data);
    if (!channel.publishers.includes(frame.author))
      throw new MeshError('SEAL_INVALID', `${frame.author} may not publish here.`, { details: { subject } });
    const seal = checkSeal(subject, frame, channel.seal, this.keys);
    if (seal === 'verified') return frame;
    const why =
      seal === 'invalid'
        ? 'The seal of a message is not right.'
        : 'There is no key here to check the seal of a message.';
    throw new MeshError('SEAL_INVALID', why, { details: { subject, author: frame.author } });
  }
}

/** The parser's own words quote the body, so they are left out: on GATE it is raw, and errors are logged. */
function jsonOf(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    const { code, message } = MeshError.from(error);
    throw new MeshError(code, message);
  }
}

function onlyKind(name: ChannelName, channel: Channel): string {
  const kind = ONLY_KINDS.get(channel);
  if (kind === undefined) throw new MeshError('REQUEST_INVALID', `A message on ${name} must name its kind.`);
  return kind;
}

/** The kind of each channel that carries one alone. */
const ONLY_KINDS = new Map<Channel, string>(
  Object.values(CHANNELS).flatMap((channel: Channel) => {
    const [kind, ...others] = Object.keys(channel.messages);
    return kind === undefined || others.length > 0 ? [] : [[channel, kind] as const];
  }),
);

function tenantOfIncoming(subject: string): string {
  try {
    return tenantOf(subject);
  } catch (cause) {
    throw new MeshError('REQUEST_MALFORMED', 'The subject names no tenant.', { cause });
  }
}

function checkSubject(name: ChannelName, pattern: string, subject: string): void {
  if (!patternOf(pattern).test(subject))
    throw new MeshError('REQUEST_INVALID', `The subject is none of the channel ${name}.`, { details: { subject } });
}

/** Patterns of channels as regular expressions for subjects without wildcards. */
const patterns = new Map<string, RegExp>();
function patternOf(pattern: string): RegExp {
  let known = patterns.get(pattern);
  if (known === undefined) {
    const tokens = pattern.split('.').map((token) => (token === '*' ? '[^.*>]+' : token.replaceAll('$', '\\$')));
    known = new RegExp(`^${tokens.join('\\.')}$`);
    patterns.set(pattern, known);
  }
  return known;
}

/** Whether a subject without wildcards, or a narrower pattern, lies within a pattern of tokens and `*`. */
export function matches(pattern: string, subject: string): boolean {
  const have = subject.split('.');
  const want = pattern.split('.');
  return (
    have.length === want.length &&
    want.every((token, i) => (token === '*' ? have[i] !== '' && have[i] !== '>' : token === have[i]))
  );
}

/** The channel that a subject belongs to. */
export function channelOf(account: AccountName, subject: string): ChannelName | null {
  for (const [name, channel] of ACCOUNT_CHANNELS[account] ?? []) {
    if (patternOf(channel.subject).test(subject)) return name;
  }
  return null;
}

const ACCOUNT_CHANNELS: Partial<Record<AccountName, [ChannelName, Channel][]>> = Object.groupBy(
  Object.entries(CHANNELS) as [ChannelName, Channel][],
  ([, channel]) => channel.account,
);
