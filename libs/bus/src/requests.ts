import type { ChannelName } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { type Msg, type Subscription } from '@nats-io/transport-node';
import { forbidden, fromNats } from './bus-error.js';
import type { Codec } from './codec.js';
import type { Connection } from './connection.js';
import { envelopeHeaders, HEADER } from './envelope.js';
import type { HeaderLines } from './header-lines.js';
import { LIMITS } from './limits.js';
import type { RequestOptions, RequestStreamOptions } from './types.js';

interface Asked {
  channel: ChannelName;
  subject: string;
  body: unknown;
}

/** Asks a service and waits for its one answer. */
export async function ask(
  connection: Connection,
  codec: Codec,
  asked: Asked,
  options: RequestOptions,
): Promise<unknown> {
  const { data, head } = await prepare(connection, codec, asked, options.traceparent);
  const timeout = Math.max(1, Math.min(options.timeoutMs, LIMITS.requestMsMax));
  let reply: Msg;
  try {
    reply = await abortable(
      connection.nc.request(asked.subject, data, { timeout, headers: head.forClient() }),
      options.signal,
    );
  } catch (error) {
    throw fromNats(error);
  }
  return codec.decodeReply(asked.channel, asked.subject, reply);
}

/**
 * Asks a service for a stream of answers. Ends with the other side's end; throws its error, BUS_UNAVAILABLE when nobody
 * serves, BUS_TIMEOUT after `idleMs` of silence, OVERLOADED when the answers are not read as fast as they come.
 */
export async function* askStream(
  connection: Connection,
  codec: Codec,
  asked: Asked,
  options: RequestStreamOptions,
): AsyncGenerator<unknown> {
  if (options.signal?.aborted) return;
  const { data, head } = await prepare(connection, codec, asked, options.traceparent);
  head.set(HEADER.idle, String(options.idleMs));
  const replies = new Replies(connection, options.idleMs, options.signal);
  try {
    connection.send(asked.subject, data, { reply: replies.inbox, headers: head.forClient() });
    replies.watchFor(asked.subject);
    for (let msg = await replies.next(); msg !== null; msg = await replies.next()) {
      yield await codec.decodeReply(asked.channel, asked.subject, msg);
    }
  } finally {
    replies.close();
  }
}

async function prepare(
  connection: Connection,
  codec: Codec,
  asked: Asked,
  traceparent?: string,
): Promise<{ data: Uint8Array; head: HeaderLines }> {
  const { kind, data } = codec.encode(asked.channel, asked.subject, undefined, asked.body);
  return { data: await data, head: envelopeHeaders(connection.options.service, { kind, traceparent }).head };
}

/** The replies of one streamed request, until its end. */
class Replies {
  readonly inbox: string;
  readonly #subscription: Subscription;
  readonly #queue: Msg[] = [];
  readonly #cleanUps: (() => void)[] = [];
  #end: MeshError | 'ended' | null = null;
  #wake: () => void = () => undefined;
  #timer: NodeJS.Timeout;

  constructor(
    private readonly connection: Connection,
    private readonly idleMs: number,
    signal: AbortSignal | undefined,
  ) {
    this.inbox = connection.newInbox();
    this.#subscription = connection.listen(this.inbox, {
      callback: (error, msg) => (error === null ? this.#onMessage(msg) : this.#finish(fromNats(error))),
    });
    this.#timer = this.#arm();
    const onAbort = (): void => this.#finish('ended');
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#cleanUps.push(() => signal?.removeEventListener('abort', onAbort));
  }

  watchFor(subject: string): void {
    this.#cleanUps.push(
      this.connection.onForbidden((refused, operation) => {
        if (operation === 'publish' && refused === subject) this.#finish(forbidden(operation, subject));
      }),
    );
  }

  /** Null at the end. */
  async next(): Promise<Msg | null> {
    for (;;) {
      const msg = this.#queue.shift();
      if (msg) return msg;
      if (this.#end === 'ended') return null;
      if (this.#end) throw this.#end;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const cleanUp of this.#cleanUps) cleanUp();
    this.#subscription.unsubscribe();
  }

  #onMessage(msg: Msg): void {
    if (msg.headers?.code === 503)
      return this.#finish(new MeshError('BUS_UNAVAILABLE', 'Nobody serves that subject now.'));
    clearTimeout(this.#timer);
    this.#timer = this.#arm();
    if (msg.headers?.has(HEADER.beat)) return;
    if (msg.data.length === 0) return this.#finish('ended');
    if (this.#queue.length >= LIMITS.streamItemsMax)
      return this.#finish(new MeshError('OVERLOADED', 'The answers are not read as fast as they come.'));
    this.#queue.push(msg);
    this.#wake();
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(
      () => this.#finish(new MeshError('BUS_TIMEOUT', `Nothing was heard for ${this.idleMs} ms.`)),
      this.idleMs,
    );
  }

  #finish(end: MeshError | 'ended'): void {
    this.#end ??= end;
    this.#wake();
  }
}

function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new MeshError('BUS_TIMEOUT', 'The asker gave up waiting.'));
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
