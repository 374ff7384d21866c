import type { AccountName, ChannelName, JournalEntry, ServiceName } from '@signalbox/contracts';
import type { MeshError } from '@signalbox/kernel';

type LogLine = (fields: Record<string, unknown>, message: string) => void;
/** What the bus tells about itself. A pino logger fits. */
export interface BusLogger {
  debug: LogLine;
  info: LogLine;
  warn: LogLine;
  error: LogLine;
}

export interface BusOptions {
  service: ServiceName;
  account: AccountName;
  /** `nats://host:port`, several separated by commas. */
  url: string;
  /** Folder of this service's own key files. */
  keysDir: string;
  logger?: BusLogger;
  /** Whether entries that are signed at one moment share a signature; default yes. */
  sealsTogether?: boolean;
  /** Whether large bodies of entries are named by their run, and not by its tenant alone; default yes. */
  bodiesByRun?: boolean;
}

/** A message whose frame, author, seal and body have been checked. */
export interface BusMessage<B> {
  channel: ChannelName;
  kind: string;
  /** Null on GATE, where the account is the proof. */
  author: ServiceName | null;
  /** From the subject; headers and bodies never count. */
  tenant: string;
  subject: string;
  body: B;
  traceparent?: string;
  /** `ce-id` as the publisher gave it. Not covered by the seal. */
  id?: string;
}

export interface WorkMessage<B> extends BusMessage<B> {
  /** Its place in its stream. */
  seq: number;
  /** Counts from 1, over all workers. */
  deliveries: number;
  /** A failure now is final. The broker's very last delivery is kept to bury what crashes its workers. */
  lastDelivery: boolean;
  /** Aborted when draining ran out of time, or the message was held too long. */
  signal: AbortSignal;
}

export interface PublishOptions {
  /** Message type; needed where the channel carries several. */
  kind?: string;
  /** Travels as `ce-id`; the broker drops a second message of the same id within the stream's window. */
  id?: string;
  /** Default: the trace that the caller runs in. */
  traceparent?: string;
  /** The body is made of checked parts, so only its reader checks it against its schema. */
  isChecked?: boolean;
}

export interface PublishReceipt {
  seq: number;
  /** The broker had stored a message under this id before. */
  duplicate: boolean;
}

export interface RequestOptions {
  timeoutMs: number;
  signal?: AbortSignal;
  traceparent?: string;
}

export interface RequestStreamOptions {
  /** Longest silence; the other side sends signs of life in between. */
  idleMs: number;
  signal?: AbortSignal;
  traceparent?: string;
}

export interface ServeOptions {
  /** Handlers at once; as many requests again wait, more are answered OVERLOADED. Default 64. */
  concurrency?: number;
}

/** Something that takes messages until it is stopped. */
export interface Service {
  /** Takes nothing new and resolves when what runs has ended, at the latest after `deadlineMs` (default 5,000) with streams aborted. */
  stop(deadlineMs?: number): Promise<void>;
  stats(): { running: number; waiting: number; served: number; refused: number };
}

export interface WorkStats {
  running: number;
  /** Delivered to this process and not begun. */
  waiting: number;
  done: number;
  retried: number;
  deadLettered: number;
  paused: boolean;
}

export interface WorkConsumer {
  /** Takes nothing new, gives back what has not begun, waits for what runs; at the deadline aborts and gives back the rest. */
  drain(deadlineMs: number): Promise<void>;
  /** Asks the broker for nothing more until `resume`; what runs goes on. */
  pause(): void;
  resume(): void;
  stats(): WorkStats;
}

export interface RunRef {
  tenant: string;
  runId: string;
}

/** An entry as stored, with what checking it found. */
export interface RawEntry {
  seq: number;
  subject: string;
  tenant: string;
  runId: string;
  /** The stored body, as the hash chain covers it. */
  bytes: Uint8Array;
  /** The bytes hold a reference to the body. */
  isClaimed?: true;
  /** The JSON value that the reference stands for, as it was written; absent where it could not be read. */
  claimed?: unknown;
  /** When the broker stored it, ms since 1970; only where it was read in order. */
  storedAt?: number;
  /** Null when unreadable, of an unknown kind, by the wrong author or wrongly sealed: see `fault`. */
  entry: JournalEntry | null;
  /** `unchecked`: this service holds no key for this author's seal. */
  seal: 'verified' | 'unchecked' | 'invalid';
  fault?: MeshError;
}

export interface AppendOptions {
  /** Last sequence on this run's subject that the author has read; 0 = this must be the first entry. */
  expectLastSeq?: number;
  /** Deduplicates facts within the stream's window. */
  id?: string;
  traceparent?: string;
  /** The body is made of checked parts, so only its readers check it against its schema. */
  isChecked?: boolean;
  /** Of a decision: whether its repeated fields are written once; default yes. */
  isPacked?: boolean;
  /** Told the body as it will be stored, before it is sent: readers may bring it sooner than the acknowledgement comes. */
  onBytes?: (bytes: Uint8Array) => void;
}

export interface AppendReceipt {
  seq: number;
  duplicate: boolean;
  /** The body as stored, for the hash chain. */
  bytes: Uint8Array;
}

export interface FollowOptions {
  /** First sequence wanted. */
  fromSeq: number;
  /** Called in order, one at a time; its promise is awaited before the next. */
  onEntry: (entry: RawEntry) => void | Promise<void>;
  /** Asked in order before an entry is read and checked; what the reader knows already is not handed over. */
  isKnown?: (seq: number, subject: string, bytes: Uint8Array) => boolean;
  /** The stream came back shorter than it was: the reader has stopped. */
  onFault?: (fault: MeshError) => void;
  signal: AbortSignal;
}

export interface PartitionSize {
  firstSeq: number;
  lastSeq: number;
  messages: number;
  /** False where the server is too old to tell who purges, or was when the stream was made. */
  mayTrim: boolean;
}

export interface PartitionReader {
  /** Resolves when everything stored at the start was handed to `onEntry`, or the reader ended. */
  readonly caughtUp: Promise<void>;
  /** Resolves when the reader has ended. */
  readonly closed: Promise<void>;
  /** Last sequence handed over; `fromSeq - 1` before the first. */
  lastSeq(): number;
}

export interface BucketEntry {
  value: Uint8Array;
  revision: number;
}

/** A key's newest state; `value` is null when it was deleted. */
export interface BucketChange {
  key: string;
  value: Uint8Array | null;
  revision: number;
}

export interface BucketWatch {
  /** Resolves when every value present at the start was handed over. */
  readonly ready: Promise<void>;
  stop(): void;
}
