import { createHash } from 'node:crypto';
import { base32, CHANNELS, LetterHead, type LetterFilter, type LetterKey, TenantId, Token } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { MsgHdrs } from '@nats-io/transport-node';
import { forbidden } from './bus-error.js';
import { channelOf, type Codec } from './codec.js';
import type { Connection } from './connection.js';
import { envelopeHeaders, messageId } from './envelope.js';
import { atSequence } from './js-api.js';
import { LIMITS } from './limits.js';
import type { Publisher } from './publisher.js';
import { StreamReader } from './stream-reader.js';
import type { BusMessage } from './types.js';

const PRINT_CHARS = 8;

/** A dead letter with the bytes of the message as they were. */
export interface Letter {
  head: LetterHead;
  data: Uint8Array;
}

export interface LetterPage {
  letters: LetterHead[];
  /** Where to go on; null when that was all. A page may be short, or empty, and still have a next one. */
  next: number | null;
}

/** The dead letters of one account, for services that the registry lets read them. Nothing here removes one. */
export class Letters {
  readonly #stream: 'DLQ' | 'DLQ_GATE';

  constructor(
    private readonly connection: Connection,
    private readonly publisher: Publisher,
    private readonly codec: Codec,
  ) {
    this.#stream = codec.account === 'GATE' ? 'DLQ_GATE' : 'DLQ';
  }

  /** Heads of a tenant's letters, oldest first. Looks at `LIMITS.lettersScannedMax` of them at most. */
  async list(tenant: string, { after, limit, stream, consumer, code }: LetterFilter): Promise<LetterPage> {
    const place = this.#stream === 'DLQ_GATE' ? 'IN' : (stream ?? '*');
    if (stream !== undefined && place !== stream) return { letters: [], next: null };
    const letters: LetterHead[] = [];
    const enough = new AbortController();
    let seen = 0;
    let last = after;
    const reader = new StreamReader(this.connection, {
      stream: this.#stream,
      filter: `sb.v1.dlq.${place}.${consumer ?? '*'}.${TenantId.parse(tenant)}`,
      from: after + 1,
      inactiveMs: LIMITS.readInactiveMs,
      headersOnly: true,
      signal: AbortSignal.any([enough.signal, AbortSignal.timeout(LIMITS.apiDeadlineMs)]),
      onMessage: ({ seq, subject, headers }) => {
        if (enough.signal.aborted) return;
        const head = headOf(seq, subject, headers());
        if (head !== null && (code === undefined || head.code === code)) letters.push(head);
        last = seq;
        if (letters.length >= limit || ++seen >= LIMITS.lettersScannedMax) enough.abort();
      },
    });
    await Promise.race([reader.caughtUp, reader.closed]);
    const isFull = enough.signal.aborted;
    if (!isFull && !reader.complete) throw new MeshError('BUS_TIMEOUT', 'The dead letters could not be read in time.');
    enough.abort();
    return { letters, next: isFull ? last : null };
  }

  /** NOT_FOUND when it is gone, is another tenant's, or another letter has its place by now. */
  async get(tenant: string, { seq, print }: LetterKey): Promise<Letter> {
    const stored = seq > 0 ? await atSequence(this.connection, this.#stream, seq) : null;
    const head = stored && headOf(seq, stored.subject, stored.headers, stored.data.length);
    if (!stored || head?.tenant !== tenant || head.print !== print)
      throw new MeshError('NOT_FOUND', 'There is no such dead letter; it may have been too old.');
    return { head, data: stored.data };
  }

  /** The message in it, checked as if it had just come: frame, author, seal and body. */
  async open({ head, data }: Letter): Promise<BusMessage<unknown>> {
    if (head.cut) throw new MeshError('NOT_FOUND', 'The message was too large to be kept with its dead letter.');
    const channel = channelOf(this.codec.account, head.subject);
    if (channel === null) throw new MeshError('CONFLICT', 'The letter was sent to a subject that belongs to nobody.');
    return this.codec.decode(channel, { subject: head.subject, data });
  }

  /**
   * Sends it again to where it was sent, bytes and seal as they were, under a message id of the letter's own: twice in
   * a row is once. Only for a service that may publish there; `open` it first.
   */
  async resend({ head, data }: Letter): Promise<void> {
    const { subject, seq, print } = head;
    const channel = channelOf(this.codec.account, subject);
    const isMine = channel !== null && CHANNELS[channel].publishers.some((name) => name === this.codec.service);
    if (channel === null || !isMine) throw forbidden('publish', subject);
    const id = `replay:${seq}:${print}`;
    const kind = Object.keys(CHANNELS[channel].messages)[0] ?? channel;
    const { head: lines } = envelopeHeaders(this.codec.service, { kind, id });
    lines.set('Nats-Msg-Id', messageId(this.codec.keys, subject, id));
    await this.publisher.publish(subject, data, lines);
  }
}

/** Null for what is no letter of ours. */
function headOf(seq: number, subject: string, headers: MsgHdrs | undefined, size?: number): LetterHead | null {
  const text = (name: string): string => headers?.get(`sb-dlq-${name}`) ?? '';
  const count = (value: string): number => (/^\d{1,15}$/.test(value) ? Number(value) : 0);
  const [, , , stream, consumer, tenant] = subject.split('.');
  const cut = count(text('cut'));
  const parsed = LetterHead.safeParse({
    seq,
    print: printOf(subject, text('seq'), text('at')),
    tenant,
    stream: Token.safeParse(stream).data,
    consumer: Token.safeParse(consumer).data,
    streamSeq: count(text('seq')),
    subject: text('subject'),
    code: text('code'),
    reason: text('reason'),
    deliveries: count(text('deliveries')),
    at: text('at') === '' ? null : count(text('at')),
    bytes: cut > 0 ? cut : (size ?? count(headers?.get('Nats-Msg-Size') ?? '')),
    cut: cut > 0,
  });
  return parsed.success ? parsed.data : null;
}

function printOf(subject: string, streamSeq: string, at: string): string {
  return base32(createHash('sha256').update([subject, streamSeq, at].join('\n')).digest(), PRINT_CHARS);
}
