import { channel } from 'node:diagnostics_channel';
import {
  CHANNELS,
  type DecisionV1,
  JOURNAL_KINDS,
  type JournalBody,
  type JournalKind,
  PACKED_DECISION,
  packDecision,
  type PartitionStateV1,
  partitionOfRun,
  partitionStream,
  subjects,
} from '@signalbox/contracts';
import { MeshError, validate } from '@signalbox/kernel';
import { type BatchQuery, readBatches } from './batch-read.js';
import { capabilitiesOf } from './capabilities.js';
import { claimOf } from './claim-check.js';
import type { Codec } from './codec.js';
import type { Connection } from './connection.js';
import { decodeFrame } from './frame.js';
import { JournalAppender, type Prepared } from './journal-appender.js';
import { decodeEntry } from './journal-codec.js';
import { askApi, atSequence, lastOnSubject, nextOnSubject, type StoredMessage } from './js-api.js';
import { LIMITS } from './limits.js';
import { followPartition, partitionSize } from './partition-reader.js';
import type { Publisher } from './publisher.js';
import { ask } from './requests.js';
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

/** Told in the same turn in which the broker's ack arrived: `{ kind, tenant, runId, body, seq }`. For probes and fault tests. */
const appended = channel('signalbox.journal.appended');
/** Told right before an entry goes to the publisher, which sends it at the end of this turn: `{ kind, tenant, runId, body }`. */
const appending = channel('signalbox.journal.appending');

/** Journals of runs: one subject a run, one stream a partition. Only on CORE. */
export class Journal {
  readonly #appender: JournalAppender;

  constructor(
    private readonly connection: Connection,
    publisher: Publisher,
    private readonly codec: Codec,
  ) {
    this.#appender = new JournalAppender(connection, publisher);
  }

  /** Names the server process that is connected now, or was last: another one after each of its starts. */
  get serverId(): string {
    return this.connection.nc.info?.server_id ?? '';
  }

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
    const packs = kind === 'decision.v1' && options.isPacked !== false;
    const written = packs
      ? { kind: PACKED_DECISION, json: packDecision(checked as DecisionV1) }
      : { kind, json: JSON.stringify(checked) };
    const encoded = this.codec.encodeJson(subject, written.kind, written.json, CHANNELS.run.seal);
    const bytes = encoded instanceof Promise ? await encoded : encoded;
    options.onBytes?.(bytes);
    const entry: Prepared = { stream: partitionStream(partitionOfRun(run.runId)), subject, bytes, kind: written.kind };
    if (appending.hasSubscribers) appending.publish({ kind, tenant: run.tenant, runId: run.runId, body });
    const stored = await (options.expectLastSeq === undefined
      ? this.#appender.fact(entry, options)
      : this.#appender.expecting(entry, options, options.expectLastSeq));
    if (appended.hasSubscribers)
      appended.publish({ kind, tenant: run.tenant, runId: run.runId, body, seq: stored.seq });
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

  /** The oldest entry of a run; null when there is none. */
  first({ tenant, runId }: RunRef): Promise<RawEntry | null> {
    const stream = partitionStream(partitionOfRun(runId));
    return this.#one(nextOnSubject(this.connection, stream, subjects.run(tenant, runId), 1));
  }

  /** The newest entry of a run; null when there is none. */
  last({ tenant, runId }: RunRef): Promise<RawEntry | null> {
    const stream = partitionStream(partitionOfRun(runId));
    return this.#one(lastOnSubject(this.connection, stream, subjects.run(tenant, runId)));
  }

  /** Hands over every entry of a partition from `fromSeq` on, in order, until the signal aborts. */
  follow(partition: string, options: FollowOptions): PartitionReader {
    return followPartition(this.connection, this.codec.claims.journals, partition, options);
  }

  size(partition: string): Promise<PartitionSize> {
    return partitionSize(this.connection, partition);
  }

  /**
   * Whether audit finds the partition as it was archived, or has it still to rebuild, and how often it was rebuilt.
   * BUS_UNAVAILABLE while nobody is there to say so, STORE_UNAVAILABLE while the archive is away.
   */
  async state(partition: string): Promise<PartitionStateV1> {
    const question = {
      channel: 'partitionCheck',
      subject: subjects.svc('audit', 'whole', 'mesh'),
      body: { partition },
    } as const;
    return (await ask(this.connection, this.codec, question, { timeoutMs: LIMITS.apiTimeoutMs })) as PartitionStateV1;
  }

  /** The stored body at a sequence of a partition; null where none is any more. */
  async at(partition: string, seq: number): Promise<Uint8Array | null> {
    return (await atSequence(this.connection, partitionStream(partition), seq))?.data ?? null;
  }

  /**
   * Appends a stored entry again, as its author sealed it, if nothing came after `expectLastSeq`; a body that travels by
   * reference is put back first. Only the archivist may.
   */
  async restore(
    run: RunRef,
    stored: Pick<RawEntry, 'bytes' | 'claimed'>,
    expectLastSeq: number,
  ): Promise<AppendReceipt> {
    const { kind } = decodeFrame(stored.bytes);
    const name = claimOf(stored.bytes);
    if (name !== null) {
      const owner = name.slice(0, name.lastIndexOf('/'));
      await this.codec.claims.journals?.put(owner, Buffer.from(JSON.stringify(stored.claimed)));
    }
    const subject = subjects.run(run.tenant, run.runId);
    const entry = { stream: partitionStream(partitionOfRun(run.runId)), subject, bytes: stored.bytes, kind };
    return this.#appender.expecting(entry, {}, expectLastSeq);
  }

  /** Takes out the entries of a run below `beforeSeq`, for good; gives their number. Only the archivist may. */
  async trim(run: RunRef, beforeSeq: number): Promise<number> {
    const stream = partitionStream(partitionOfRun(run.runId));
    const body = { filter: subjects.run(run.tenant, run.runId), seq: beforeSeq };
    return (await askApi<{ purged: number }>(this.connection, `$JS.API.STREAM.PURGE.${stream}`, body)).purged;
  }

  /** Takes out, for good, those large bodies of its entries that are the run's own. Only the archivist may. */
  async removeBodies({ tenant, runId }: RunRef, entries: readonly RawEntry[]): Promise<void> {
    const names = entries.filter(({ isClaimed }) => isClaimed === true).map(({ bytes }) => claimOf(bytes));
    for (const name of names)
      if (name?.startsWith(`${tenant}/${runId}/`) === true) await this.codec.claims.journals?.remove(name);
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

  async #one(reading: Promise<StoredMessage | null>): Promise<RawEntry | null> {
    const stored = await reading;
    return stored === null ? null : this.#decode(stored);
  }

  async #decode(stored: { seq: number; subject: string; data: Uint8Array }): Promise<RawEntry> {
    // Few bodies lie elsewhere: only those need the time limit, which costs a timer and, when it runs out, an error.
    const late = (): AbortSignal => AbortSignal.timeout(LIMITS.apiDeadlineMs);
    return decodeEntry(stored, this.codec.keys, this.codec.claims.journals, late);
  }
}
