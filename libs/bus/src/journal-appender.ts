import { randomUUID } from 'node:crypto';
import { MeshError } from '@signalbox/kernel';
import type { Connection } from './connection.js';
import { HEADER, messageId, traceOf } from './envelope.js';
import { HeaderLines } from './header-lines.js';
import { atSequence, lastOnSubject, nextOnSubject } from './js-api.js';
import type { PublishAck, Publisher } from './publisher.js';
import type { AppendOptions, AppendReceipt } from './types.js';

/** An entry as it is to be stored. */
export interface Prepared {
  stream: string;
  subject: string;
  bytes: Uint8Array;
  kind: string;
}

/** Stores entries exactly once, each into the stream it was meant for. */
export class JournalAppender {
  constructor(
    private readonly connection: Connection,
    private readonly publisher: Publisher,
  ) {}

  /** A second copy under the same id is dropped by the broker, so sending again is safe. */
  async fact(entry: Prepared, options: AppendOptions, round = 0): Promise<AppendReceipt> {
    const head = headersOf(entry, options);
    // A round of its own where someone else has used the id up: this one cannot be known to anybody.
    const id = (round === 0 ? options.id : undefined) ?? randomUUID();
    head.set('Nats-Msg-Id', messageId(this.connection.options.keys, entry.subject, id));
    const ack = await this.publisher.publish(entry.subject, entry.bytes, head);
    if (!ack.duplicate || (await this.#isStored(entry, ack.seq))) return receipt(entry, ack);
    if (round > 0) throw new MeshError('INTERNAL', 'The broker takes a fresh id for a duplicate.');
    this.connection.options.logger.warn(
      { subject: entry.subject, kind: entry.kind, seq: ack.seq },
      'a fact was taken for a duplicate of something else',
    );
    return this.fact(entry, options, round + 1);
  }

  /** No deduplication: after an unknown outcome, what follows the expected sequence tells whether it was ours. */
  expecting(entry: Prepared, options: AppendOptions, expectLastSeq: number): Promise<AppendReceipt> {
    const head = headersOf(entry, options);
    head.set('Nats-Expected-Last-Subject-Sequence', String(expectLastSeq));
    return this.publisher.publish(entry.subject, entry.bytes, head).then(
      (ack) => receipt(entry, ack),
      (error: unknown) => {
        const fault = MeshError.from(error);
        if (fault.code !== 'SEQUENCE_CONFLICT') throw fault;
        return this.#settleConflict(entry, expectLastSeq, fault);
      },
    );
  }

  async #settleConflict(entry: Prepared, expectLastSeq: number, fault: MeshError): Promise<AppendReceipt> {
    const { stream, subject, bytes } = entry;
    if (fault.details['resent'] === true) {
      const next = await nextOnSubject(this.connection, stream, subject, expectLastSeq + 1);
      if (next !== null && same(next.data, bytes)) return { seq: next.seq, duplicate: false, bytes };
    }
    if (typeof fault.details['lastSeq'] === 'number') throw fault;
    const last = await lastOnSubject(this.connection, stream, subject);
    throw new MeshError(fault.code, fault.message, { details: { ...fault.details, lastSeq: last?.seq ?? 0 } });
  }

  async #isStored(entry: Prepared, seq: number): Promise<boolean> {
    const stored = await atSequence(this.connection, entry.stream, seq);
    return stored !== null && stored.subject === entry.subject && same(stored.data, entry.bytes);
  }
}

/** For the broker, and the trace: what else headers could say of an entry stands in its frame and its subject. */
function headersOf({ stream }: Prepared, options: AppendOptions): HeaderLines {
  const head = new HeaderLines();
  const trace = traceOf(options.traceparent);
  if (trace !== undefined) head.set(HEADER.traceparent, trace);
  head.set('Nats-Expected-Stream', stream);
  return head;
}

function receipt(entry: Prepared, ack: PublishAck): AppendReceipt {
  return { seq: ack.seq, duplicate: ack.duplicate, bytes: entry.bytes };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
