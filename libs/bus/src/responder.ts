import { type Channel, type ChannelName, ERRORS, inboxPrefix } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { headers, type Msg, type Subscription } from '@nats-io/transport-node';
import type { Codec } from './codec.js';
import type { Connection } from './connection.js';
import { HEADER } from './envelope.js';
import { LIMITS } from './limits.js';
import type { BusMessage, Service } from './types.js';
import { within } from './within.js';

/** One request that has been checked, with the means to answer it. */
export interface Call {
  message: BusMessage<never>;
  /** Aborted when the service stops. */
  signal: AbortSignal;
  msg: Msg;
}

export interface ResponderOptions {
  channel: ChannelName;
  concurrency: number;
  /** Streamed replies are ended when the service stops; single ones are waited for. */
  streamed: boolean;
  handle: (call: Call) => Promise<void>;
}

/** Takes the requests of a channel, shared with the other instances of this service. */
export class Responder implements Service {
  readonly #subscription: Subscription;
  readonly #channel: Channel;
  readonly #waiting: Msg[] = [];
  readonly #stop = new AbortController();
  #running = 0;
  #served = 0;
  #refused = 0;
  #idle: () => void = () => undefined;

  constructor(
    private readonly connection: Connection,
    private readonly codec: Codec,
    private readonly options: ResponderOptions,
  ) {
    this.#channel = codec.channel(options.channel);
    this.#subscription = connection.listen(this.#channel.subject, {
      queue: connection.options.service,
      callback: (error, msg) => {
        if (error === null) this.#onMessage(msg);
        else
          connection.options.logger.error(
            { err: MeshError.from(error, 'BUS_FORBIDDEN'), channel: options.channel },
            'a service cannot be served',
          );
      },
    });
  }

  stats(): { running: number; waiting: number; served: number; refused: number } {
    return { running: this.#running, waiting: this.#waiting.length, served: this.#served, refused: this.#refused };
  }

  async stop(deadlineMs: number = LIMITS.serveStopMs): Promise<void> {
    await this.#subscription.drain().catch(() => undefined);
    if (this.options.streamed) this.#stop.abort();
    for (const msg of this.#waiting.splice(0))
      void this.#refuse(msg, new MeshError('SHUTTING_DOWN', 'This instance is stopping.'));
    if (this.#running > 0) {
      const ended = new Promise<void>((resolve) => (this.#idle = resolve));
      await within(ended, deadlineMs);
    }
    this.#stop.abort();
  }

  #onMessage(msg: Msg): void {
    if (!this.#mayAnswer(msg.reply)) {
      this.#refused++;
      this.connection.options.logger.warn(
        { channel: this.options.channel, subject: msg.subject },
        'a request wants its answer where no answer may go',
      );
      return;
    }
    if (this.#running < this.options.concurrency) return void this.#run(msg);
    if (this.#waiting.length < this.options.concurrency) return void this.#waiting.push(msg);
    void this.#refuse(
      msg,
      new MeshError('OVERLOADED', `All ${this.options.concurrency} slots are taken, and as many requests wait.`),
    );
  }

  async #run(msg: Msg): Promise<void> {
    this.#running++;
    try {
      const message = await this.codec.decode(this.options.channel, msg);
      if (message.author !== null && !msg.reply?.startsWith(`${inboxPrefix(message.author)}.`)) {
        throw new MeshError('SEAL_INVALID', 'A request wants its answer elsewhere than at its author.');
      }
      await this.options.handle({ message, signal: this.#stop.signal, msg });
      this.#served++;
    } catch (error) {
      await this.#refuse(msg, error);
    } finally {
      this.#running--;
      const next = this.#waiting.shift();
      if (next) void this.#run(next);
      else if (this.#running === 0) this.#idle();
    }
  }

  async #refuse(msg: Msg, error: unknown): Promise<void> {
    this.#refused++;
    await replyError(this.connection, this.codec, msg, error).catch((failure: unknown) => {
      this.connection.options.logger.warn(
        { err: MeshError.from(failure), channel: this.options.channel },
        'an error could not be answered',
      );
    });
  }

  /** The server lets a publisher name any subject for the reply; we answer only to inboxes of those who may ask. */
  #mayAnswer(reply: string | undefined): boolean {
    if (reply === undefined) return false;
    if (this.#channel.tenants && reply.startsWith('_R_.')) return true;
    return this.#channel.publishers.some((asker) => reply.startsWith(`${inboxPrefix(asker)}.`));
  }
}

/** Answers one item, in the account's own form. */
export async function reply(codec: Codec, msg: Msg, body: unknown): Promise<void> {
  msg.respond(await codec.encodeReply(msg.subject, 'reply', body));
}

/** Answers with an error. What is a fault of ours is logged and told without its words. */
export async function replyError(connection: Connection, codec: Codec, msg: Msg, thrown: unknown): Promise<void> {
  const fault = MeshError.from(thrown);
  if (fault.code === 'INTERNAL')
    connection.options.logger.error({ err: fault, subject: msg.subject }, 'a request failed by a fault of ours');
  else connection.options.logger.debug({ code: fault.code, subject: msg.subject }, 'a request was refused');
  const told = fault.code === 'INTERNAL' ? new MeshError('INTERNAL', ERRORS.INTERNAL.doc) : fault;
  const head = headers();
  head.set(HEADER.error, told.code);
  msg.respond(await codec.encodeReply(msg.subject, 'error', told.toWire()), { headers: head });
}
