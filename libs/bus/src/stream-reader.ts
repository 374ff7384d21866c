import { randomBytes } from 'node:crypto';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import type { Connection } from './connection.js';
import { type Delivery, readDelivery } from './delivery.js';
import { askApi } from './js-api.js';
import { LIMITS } from './limits.js';
import { Pull, type PullLoss } from './pull.js';

export interface StreamMessage {
  seq: number;
  subject: string;
  data: Uint8Array;
  /** When the broker stored it, ms since 1970. */
  storedAt: number;
  /** Parsed only when asked for: most readers need none. */
  headers: () => MsgHdrs | undefined;
}

export interface StreamReaderOptions {
  stream: string;
  /** Only this subject or pattern. */
  filter?: string;
  /** First sequence wanted, or the newest message of each subject and all that come after. */
  from: number | 'newest-per-subject';
  /** Bodies stay with the server; it says their size in `Nats-Msg-Size`. */
  headersOnly?: boolean;
  /** The consumer is removed by the server when nobody asked for so long. */
  inactiveMs: number;
  /** One at a time, in order; awaited. */
  onMessage: (message: StreamMessage) => void | Promise<void>;
  /** Called before each consumer is made, with the last sequence handed over; what it throws ends the reader unless it is temporary. */
  beforeStart?: (lastSeq: number) => Promise<void>;
  signal: AbortSignal;
}

const MS = 1_000_000;

interface Created {
  num_pending: number;
}

/**
 * Reads a stream in order, without gaps or repeats, with an ephemeral consumer that acknowledges nothing. A gap, a lost
 * connection, silence or a consumer that is gone lead to a new one behind the last message handed over.
 */
export class StreamReader {
  /** Resolves when `complete`, or when the reader has ended. */
  readonly caughtUp: Promise<void>;
  /** Rejects when the reader ended for another reason than its signal. */
  readonly closed: Promise<void>;
  /** Aborted by the reader's signal, or when the connection is closed. */
  readonly #end = new AbortController();
  #lastSeq: number;
  #resolveCaughtUp: () => void = () => undefined;
  #complete = false;
  /** Messages that were stored when the consumer was made and have not been handed over. */
  #left = 0;
  #queue: Msg[] = [];
  #consumerSeq = 0;
  #lost = false;
  #wake: () => void = () => undefined;

  constructor(
    private readonly connection: Connection,
    private readonly options: StreamReaderOptions,
  ) {
    this.#lastSeq = options.from === 'newest-per-subject' ? 0 : options.from - 1;
    this.caughtUp = new Promise((resolve) => (this.#resolveCaughtUp = resolve));
    const end = (): void => this.#end.abort();
    const unlisten = connection.onClosing(end);
    options.signal.addEventListener('abort', end, { once: true });
    this.#end.signal.addEventListener('abort', () => this.#wake(), { once: true });
    if (options.signal.aborted || connection.isClosing) end();
    this.closed = this.#run().finally(() => {
      unlisten();
      options.signal.removeEventListener('abort', end);
      this.#resolveCaughtUp();
    });
    this.closed.catch(() => undefined);
  }

  lastSeq(): number {
    return this.#lastSeq;
  }

  /** Everything that was stored at the start has been handed over. */
  get complete(): boolean {
    return this.#complete;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    const { stream } = this.options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const before = this.#lastSeq;
      try {
        await this.#readWithOneConsumer();
      } catch (error) {
        const fault = MeshError.from(error);
        if (fault.retry === 'never') throw fault;
        this.connection.options.logger.warn({ err: fault, stream }, 'reading a stream failed, trying again');
      }
      if (this.#lastSeq > before) attempt = 0;
      if (!signal.aborted) await pause(backoffMs(attempt, LIMITS.rereadMs, LIMITS.rereadMsMax), signal);
    }
  }

  async #readWithOneConsumer(): Promise<void> {
    const { stream } = this.options;
    await this.options.beforeStart?.(this.#lastSeq);
    const consumer = `r${randomBytes(12).toString('hex')}`;
    const created = await this.#create(consumer);
    this.#left = created.num_pending;
    this.#queue = [];
    this.#consumerSeq = 0;
    this.#lost = false;
    if (this.#left === 0) this.#catchUp();
    const pull = new Pull(this.connection, {
      stream,
      consumer,
      heartbeatMs: LIMITS.readHeartbeatMs,
      onMessage: (msg) => {
        this.#queue.push(msg);
        this.#wake();
      },
      onLoss: (loss, description) => this.#onLoss(loss, description),
    });
    try {
      await this.#pump(pull);
    } finally {
      pull.stop();
    }
    if (!this.#end.signal.aborted)
      this.connection.options.logger.debug({ stream, lastSeq: this.#lastSeq }, 'a reader starts anew');
  }

  /** Hands over what comes until the consumer is lost or the reader is stopped. */
  async #pump(pull: Pull): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      if (!this.#lost && pull.outstanding + this.#queue.length <= LIMITS.readBatch / 2) {
        pull.ask(LIMITS.readBatch - pull.outstanding - this.#queue.length);
      }
      const msg = this.#queue.shift();
      if (msg !== undefined) {
        const handed = this.#handOver(msg);
        if (!(handed instanceof Promise ? await handed : handed)) return;
      } else if (this.#lost) {
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }

  /** False on a gap: what was lost in between must be read again. A promise only where the message is still being taken. */
  #handOver(msg: Msg): boolean | Promise<boolean> {
    const delivery = readDelivery(msg.reply);
    if (delivery === null) return true;
    if (delivery.consumerSeq !== this.#consumerSeq + 1) return false;
    this.#consumerSeq = delivery.consumerSeq;
    if (delivery.streamSeq > this.#lastSeq) {
      const taken = this.options.onMessage({
        seq: delivery.streamSeq,
        subject: msg.subject,
        data: msg.data,
        storedAt: delivery.storedAt,
        headers: () => msg.headers,
      });
      if (taken instanceof Promise) return taken.then(() => this.#handedOver(delivery));
    }
    return this.#handedOver(delivery);
  }

  #handedOver({ streamSeq, pending }: Delivery): true {
    this.#lastSeq = Math.max(this.#lastSeq, streamSeq);
    this.#left--;
    if (this.#left <= 0 || pending === 0) this.#catchUp();
    return true;
  }

  #onLoss(loss: PullLoss, description: string): void {
    if (loss !== 'expired') {
      this.connection.options.logger.debug(
        { stream: this.options.stream, loss, description },
        'a reader lost its consumer',
      );
      this.#lost = true;
    }
    this.#wake();
  }

  #create(name: string): Promise<Created> {
    const { stream, filter, from, inactiveMs, headersOnly } = this.options;
    const newest = from === 'newest-per-subject' && this.#lastSeq === 0;
    const config = {
      name,
      ack_policy: 'none',
      replay_policy: 'instant',
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: inactiveMs * MS,
      ...(filter !== undefined && { filter_subject: filter }),
      ...(headersOnly && { headers_only: true }),
      ...(newest
        ? { deliver_policy: 'last_per_subject' }
        : { deliver_policy: 'by_start_sequence', opt_start_seq: this.#lastSeq + 1 }),
    };
    const suffix = filter === undefined ? '' : `.${filter}`;
    return askApi<Created>(
      this.connection,
      `$JS.API.CONSUMER.CREATE.${stream}.${name}${suffix}`,
      { stream_name: stream, config, action: 'create' },
      this.#end.signal,
    );
  }

  #catchUp(): void {
    this.#complete = true;
    this.#resolveCaughtUp();
  }
}
