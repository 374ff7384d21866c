import { randomUUID } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import {
  CHANNELS,
  JOURNAL_KINDS,
  type JournalBody,
  type JournalKind,
  partitionOfRun,
  partitionStream,
  subjects,
} from '@signalbox/contracts';
import { MeshError, validate } from '@signalbox/kernel';
import { type BatchQuery, readBatches } from './batch-read.js';
import { capabilitiesOf } from './capabilities.js';
import type { Codec } from './codec.js';
import type { Connection } from './connection.js';
import { envelopeHeaders, messageId } from './envelope.js';
import type { HeaderLines } from './header-lines.js';
import { decodeEntry } from './journal-codec.js';
import { askApi, atSequence, lastOnSubject, nextOnSubject } from './js-api.js';
import { LIMITS } from './limits.js';
import { followPartition, partitionSize } from './partition-reader.js';
import type { PublishAck, Publisher } from './publisher.js';
import { type StreamMessage, StreamReader } from './stream-reader.js';
import type {
  AppendOptions,
  AppendReceipt,
  FollowOptions,
  PartitionReader,
  PartitionSize,
  RawEntry,
  RunRef,
} from './types.js';

/** Told in the same turn in which the broker's ack arrived: `{ kind, tenant, runId, seq }`. For probes and fault tests. */
const appended = channel('signalbox.journal.appended');
/** Told right before an entry goes to the publisher, which sends it within this turn: `{ kind, tenant, runId }`. */
const appending = channel('signalbox.journal.appending');

interface Prepared {
  stream: string;
  subject: string;
  bytes: Uint8Array;
  kind: string;
}

/** Journals of runs: one subject a run, one stream a partition. Only on CORE. */
export class Journal {
  constructor(
    private readonly connection: Connection,
    private readonly publisher: Publisher,
    private readonly codec: Codec,
  ) {}

  /**
   * Appends an entry once. With `expectLastSeq` only if nothing came after it on this run (SEQUENCE_CONFLICT with
   * `details.lastSeq` otherwise). Sends the same bytes again while the outcome is unknown; BUS_TIMEOUT when it stays so.
   */
  async append<K extends JournalKind>(
    run: RunRef,
    kind: K,
    body: JournalBody<K>,
    options: AppendOptions = {},
  ): Promise<AppendReceipt> {
    const { author, schema } = JOURNAL_KINDS[kind];
    const { service } = this.connection.options;
    if (author !== service)
      throw new MeshError('BUS_FORBIDDEN', `An entry of kind ${kind} is for ${author} to write, not for ${service}.`);
    const subject = subjects.run(run.tenant, run.runId);
    const checked: unknown = options.isChecked === true ? body : validate(schema, body);
    const encoded = this.codec.encodeBody(subject, kind, checked, CHANNELS.run.seal);
    const bytes = encoded instanceof Promise ? await encoded : encoded;
    const entry: Prepared = { stream: partitionStream(partitionOfRun(run.runId)), subject, bytes, kind };
    if (appending.hasSubscribers) appending.publish({ kind, tenant: run.tenant, runId: run.runId });
    const stored = await (options.expectLastSeq === undefined
      ? this.#appendFact(entry, options)
      : this.#appendExpecting(entry, options, options.expectLastSeq));
    if (appended.hasSubscribers) appended.publish({ kind, tenant: run.tenant, runId: run.runId, seq: stored.seq });
    return stored;
  }

  /** The entries of a run, in order, to the end as of now. */
  async read(run: RunRef, options: { fromSeq?: number; untilSeq?: number } = {}): Promise<RawEntry[]> {
    const { fromSeq = 1, untilSeq = Number.MAX_SAFE_INTEGER } = options;
    const query = {
      stream: partitionStream(partitionOfRun(run.runId)),
      subject: subjects.run(run.tenant, run.runId),
      fromSeq,
      untilSeq,
      entriesMax: LIMITS.readEntriesMax,
    };
    const batches = capabilitiesOf(this.connection.server).atLeast(2, 11);
    const found = await (batches ? readBatches(this.connection, query) : this.#readWithConsumer(query));
    if (found.length > LIMITS.readEntriesMax)
      throw new MeshError('PAYLOAD_TOO_LARGE', `The journal has more than ${LIMITS.readEntriesMax} entries.`);
    return Promise.all(found.map((message) => this.#decode(message)));
  }

  /** The newest entry of a run; null when there is none. */
  async last(run: RunRef): Promise<RawEntry | null> {
    const stored = await lastOnSubject(
      this.connection,
      partitionStream(partitionOfRun(run.runId)),
      subjects.run(run.tenant, run.runId),
    );
    return stored === null ? null : this.#decode(stored);
  }

  /** Hands over every entry of a partition from `fromSeq` on, in order, until the signal aborts. */
  follow(partition: string, options: FollowOptions): PartitionReader {
    return followPartition(this.connection, this.codec.claims.journals, partition, options);
  }

  size(partition: string): Promise<PartitionSize> {
    return partitionSize(this.connection, partition);
  }

  /** Takes out the entries of a run below `beforeSeq`, for good; gives their number. Only the archivist may. */
  async trim(run: RunRef, beforeSeq: number): Promise<number> {
    const stream = partitionStream(partitionOfRun(run.runId));
    const body = { filter: subjects.run(run.tenant, run.runId), seq: beforeSeq };
    return (await askApi<{ purged: number }>(this.connection, `$JS.API.STREAM.PURGE.${stream}`, body)).purged;
  }

  /** For servers before 2.11, whose direct reads give one message each. */
  async #readWithConsumer({ stream, subject, fromSeq, untilSeq, entriesMax }: BatchQuery): Promise<StreamMessage[]> {
    const found: StreamMessage[] = [];
    const stop = new AbortController();
    let enough = false;
    const reader = new StreamReader(this.connection, {
      stream,
      filter: subject,
      from: fromSeq,
      inactiveMs: LIMITS.readInactiveMs,
      signal: stop.signal,
      onMessage: (message) => {
        if (message.seq <= untilSeq) found.push(message);
        enough = message.seq >= untilSeq || found.length > entriesMax;
        if (enough) stop.abort();
      },
    });
    const late = setTimeout(() => stop.abort(), LIMITS.readDeadlineMs);
    await reader.caughtUp;
    clearTimeout(late);
    stop.abort();
    await reader.closed;
    if (!reader.complete && !enough)
      throw new MeshError('BUS_TIMEOUT', `The journal could not be read within ${LIMITS.readDeadlineMs} ms.`);
    return found;
  }

  async #decode(stored: { seq: number; subject: string; data: Uint8Array }): Promise<RawEntry> {
    // Few bodies lie elsewhere: only those need the time limit, which costs a timer and, when it runs out, an error.
    const late = (): AbortSignal => AbortSignal.timeout(LIMITS.apiDeadlineMs);
    return decodeEntry(stored, this.codec.keys, this.codec.claims.journals, late);
  }

  /** A second copy under the same id is dropped by the broker, so sending again is safe. */
  async #appendFact(entry: Prepared, options: AppendOptions, round = 0): Promise<AppendReceipt> {
    const { head, id } = this.#headers(entry, options);
    // A round of its own where someone else has used the id up: this one cannot be known to anybody.
    head.set('Nats-Msg-Id', messageId(this.codec.keys, entry.subject, round === 0 ? id : randomUUID()));
    const ack = await this.publisher.publish(entry.subject, entry.bytes, head);
    if (!ack.duplicate || (await this.#isStored(entry, ack.seq))) return receipt(entry, ack);
    if (round > 0) throw new MeshError('INTERNAL', 'The broker takes a fresh id for a duplicate.');
    this.connection.options.logger.warn(
      { subject: entry.subject, kind: entry.kind, seq: ack.seq },
      'a fact was taken for a duplicate of something else',
    );
    return this.#appendFact(entry, options, round + 1);
  }

  /** No deduplication: after an unknown outcome, what follows the expected sequence tells whether it was ours. */
  #appendExpecting(entry: Prepared, options: AppendOptions, expectLastSeq: number): Promise<AppendReceipt> {
    const { head } = this.#headers(entry, options);
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

  #headers(entry: Prepared, options: AppendOptions): { head: HeaderLines; id: string } {
    const made = envelopeHeaders(this.connection.options.service, {
      kind: entry.kind,
      id: options.id,
      traceparent: options.traceparent,
    });
    made.head.set('Nats-Expected-Stream', entry.stream);
    return made;
  }
}

function receipt(entry: Prepared, ack: PublishAck): AppendReceipt {
  return { seq: ack.seq, duplicate: ack.duplicate, bytes: entry.bytes };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
