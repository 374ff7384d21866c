import {
  type AccountName,
  BUCKETS,
  type BucketName,
  type ChannelBody,
  type ChannelName,
  type ChannelReply,
  type ConsumerName,
  CONSUMERS,
  type RequestChannel,
  type ServiceName,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Bucket } from './bucket.js';
import { type BusCapabilities, capabilitiesOf } from './capabilities.js';
import { claimStores } from './claim-check.js';
import { Codec } from './codec.js';
import { Connection } from './connection.js';
import { Durables } from './durables.js';
import { envelopeHeaders, messageId } from './envelope.js';
import { checkHealth, type Health } from './health.js';
import { Journal } from './journal.js';
import { KeyRing } from './key-ring.js';
import { Letters } from './letters.js';
import { LIMITS } from './limits.js';
import { Publisher } from './publisher.js';
import { ask, askStream } from './requests.js';
import { reply, Responder } from './responder.js';
import { streamReplies } from './streamed-reply.js';
import { Sampling } from './sampling.js';
import { streamFill } from './stream-fill.js';
import { listen } from './subscriber.js';
import type {
  BusLogger,
  BusMessage,
  BusOptions,
  PublishOptions,
  PublishReceipt,
  RequestOptions,
  RequestStreamOptions,
  ServeOptions,
  Service,
  WorkConsumer,
  WorkMessage,
} from './types.js';
import { within } from './within.js';
import { Worker } from './work-consumer.js';

type Handler<K extends RequestChannel> = (message: BusMessage<ChannelBody<K>>) => Promise<ChannelReply<K>>;
type StreamHandler<K extends RequestChannel> = (
  message: BusMessage<ChannelBody<K>>,
  signal: AbortSignal,
) => AsyncIterable<ChannelReply<K>>;

const silent = (): void => undefined;
const SILENT: BusLogger = { debug: silent, info: silent, warn: silent, error: silent };

/** The bus as one service sees it in one account. Every error it throws is a MeshError. */
export class Bus {
  readonly service: ServiceName;
  readonly account: AccountName;
  readonly journal: Journal;
  /** What of this account could not be handled. */
  readonly letters: Letters;
  /** What the account carries, unread. Only audit may. */
  readonly sampling: Sampling;
  readonly durables: Durables;
  readonly #publisher: Publisher;
  readonly #journalPublisher: Publisher;
  readonly #codec: Codec;
  readonly #workers: Worker[] = [];
  readonly #responders: Responder[] = [];
  readonly #buckets = new Map<BucketName, Bucket>();
  #stopping = false;

  private constructor(
    private readonly connection: Connection,
    /** This service's own key files. */
    readonly keys: KeyRing,
    options: BusOptions,
  ) {
    this.service = connection.options.service;
    this.account = connection.options.account;
    this.#publisher = new Publisher(connection);
    // Of its own, so that no flood of deltas makes an append wait.
    this.#journalPublisher = new Publisher(connection);
    this.#codec = new Codec(this.account, this.service, keys, claimStores(connection, this.#publisher), options);
    this.journal = new Journal(connection, this.#journalPublisher, this.#codec);
    this.sampling = new Sampling(connection);
    this.durables = new Durables(connection);
    this.letters = new Letters(connection, this.#publisher, this.#codec);
  }

  /** Resolves when the server is there, however long that takes; BUS_FORBIDDEN when it does not know this user. */
  static async connect(options: BusOptions): Promise<Bus> {
    const keys = KeyRing.load(options.keysDir);
    const { service, account, url, logger = SILENT } = options;
    return new Bus(await Connection.open({ service, account, url, keys, logger }), keys, options);
  }

  /** Of the server that is connected now, or was last. */
  get capabilities(): BusCapabilities {
    return capabilitiesOf(this.connection.server);
  }

  /**
   * Publishes a message that was checked and sealed. Resolves with the broker's receipt once a stream has stored it,
   * or at once with nothing on a core channel.
   */
  async publish<K extends ChannelName>(
    channel: K,
    subject: string,
    body: ChannelBody<K>,
    options: PublishOptions = {},
  ): Promise<PublishReceipt | undefined> {
    const encoded = this.#codec.encode(channel, subject, options.kind, body, options.isChecked);
    const data = encoded.data instanceof Promise ? await encoded.data : encoded.data;
    const { head, id } = envelopeHeaders(this.service, { ...options, kind: encoded.kind });
    if (this.#codec.channel(channel).carrier.kind === 'stream') {
      head.set('Nats-Msg-Id', messageId(this.keys, subject, id));
      return this.#publisher.publish(subject, data, head);
    }
    return new Promise((resolve, reject) => {
      this.connection.sendSoon(subject, data, { headers: head.forClient() }, (error) =>
        error === null ? resolve(undefined) : reject(error),
      );
    });
  }

  /** Asks a service. Its error is thrown as it was; BUS_TIMEOUT, BUS_UNAVAILABLE when nobody serves. */
  async request<K extends RequestChannel>(
    channel: K,
    subject: string,
    body: ChannelBody<K>,
    options: RequestOptions,
  ): Promise<ChannelReply<K>> {
    return (await ask(this.connection, this.#codec, { channel, subject, body }, options)) as ChannelReply<K>;
  }

  /** Asks for a stream of answers; see `askStream` for how it ends. */
  requestStream<K extends RequestChannel>(
    channel: K,
    subject: string,
    body: ChannelBody<K>,
    options: RequestStreamOptions,
  ): AsyncIterable<ChannelReply<K>> {
    return askStream(this.connection, this.#codec, { channel, subject, body }, options) as AsyncIterable<
      ChannelReply<K>
    >;
  }

  /** Answers the requests of a channel, shared with the other instances of this service. */
  async serve<K extends RequestChannel>(channel: K, handler: Handler<K>, options: ServeOptions = {}): Promise<Service> {
    const { concurrency = LIMITS.serveConcurrency } = options;
    return this.#respond(
      new Responder(this.connection, this.#codec, {
        channel,
        concurrency,
        streamed: false,
        handle: async ({ message, msg }) => reply(this.#codec, msg, await handler(message)),
      }),
    );
  }

  /** Answers each request with a stream; its signal aborts when the asker is gone or this instance stops. */
  async serveStream<K extends RequestChannel>(
    channel: K,
    handler: StreamHandler<K>,
    options: ServeOptions = {},
  ): Promise<Service> {
    const { concurrency = LIMITS.serveConcurrency } = options;
    return this.#respond(
      new Responder(this.connection, this.#codec, {
        channel,
        concurrency,
        streamed: true,
        handle: (call) => streamReplies(this.connection, this.#codec, call, (signal) => handler(call.message, signal)),
      }),
    );
  }

  /** Hears a core channel, or what a stream republishes live, on a subject or pattern of it. */
  subscribe<K extends ChannelName>(
    channel: K,
    subject: string,
    handler: (message: BusMessage<ChannelBody<K>>) => void,
  ): { stop(): void } {
    const subscription = listen(this.connection, this.#codec, channel, subject, handler);
    return { stop: () => subscription.unsubscribe() };
  }

  /** Takes work: acknowledged when the handler returns, given back when it throws something temporary, else put aside. */
  async work(
    consumer: ConsumerName,
    handler: (message: WorkMessage<unknown>) => Promise<void>,
    options: { concurrency: number },
  ): Promise<WorkConsumer> {
    const spec = CONSUMERS[consumer];
    if (spec.account !== this.account)
      throw new MeshError('INTERNAL', `The consumer ${consumer} is on ${spec.account}, not ${this.account}.`);
    const tools = { connection: this.connection, publisher: this.#publisher, codec: this.#codec };
    const worker = new Worker(tools, spec, handler, options.concurrency);
    this.#workers.push(worker);
    return worker;
  }

  /** How full a stream is, of 1; 0 where it has no bound. Only for those who may look at it. */
  streamFill(stream: string): Promise<number> {
    return streamFill(this.connection, stream);
  }

  async bucket(name: BucketName): Promise<Bucket> {
    const known = this.#buckets.get(name) ?? new Bucket(BUCKETS[name].name, this.connection, this.#publisher);
    this.#buckets.set(name, known);
    return known;
  }

  /** Ready to carry: connected, answering, storing, and the work it should take is coming. */
  health(): Promise<Health> {
    return checkHealth(this.connection, this.#workers, [this.#publisher, this.#journalPublisher], this.#stopping);
  }

  /** Stops taking, lets what runs end, sends what is out, closes. At most `deadlineMs` and a second. */
  async drain(deadlineMs: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const until = performance.now() + deadlineMs;
    const left = (): number => Math.max(0, until - performance.now());
    await Promise.all([
      ...this.#workers.map((worker) => worker.drain(left())),
      ...this.#responders.map((responder) => responder.stop(left())),
    ]);
    const publishers = [this.#publisher, this.#journalPublisher];
    await within(Promise.all(publishers.map((publisher) => publisher.idle())), left());
    for (const publisher of publishers) publisher.close();
    await this.connection.flush(LIMITS.flushTimeoutMs).catch(() => undefined);
    await this.connection.close();
  }

  /** Resolves when the server knows, or, while it is away, at once. */
  async #respond(responder: Responder): Promise<Service> {
    this.#responders.push(responder);
    if (this.connection.disconnectedMs() === 0)
      await this.connection.flush(LIMITS.flushTimeoutMs).catch(() => undefined);
    return responder;
  }
}
