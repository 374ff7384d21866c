import type { AccountName, ChannelName, ConsumerSpec } from '@signalbox/contracts';
import { backoffMs, MeshError } from '@signalbox/kernel';
import type { Msg } from '@nats-io/transport-node';
import { channelOf, type Codec } from './codec.js';
import type { Connection } from './connection.js';
import { bury } from './dead-letter.js';
import { readDelivery } from './delivery.js';
import { buryExhausted } from './exhausted.js';
import { LIMITS } from './limits.js';
import type { Publisher } from './publisher.js';
import { Pull, type PullLoss } from './pull.js';
import type { WorkConsumer, WorkMessage, WorkStats } from './types.js';
import { within } from './within.js';
import { WorkItem } from './work-item.js';

export type WorkHandler = (message: WorkMessage<unknown>) => Promise<void>;

interface Tools {
  connection: Connection;
  publisher: Publisher;
  codec: Codec;
}

/**
 * Takes work from a durable consumer: never more at once than `concurrency`, and asks the broker only for what there
 * are free slots for. The broker's last delivery is not run: a message that comes so often has ended every worker it met.
 */
export class Worker implements WorkConsumer {
  readonly #pull: Pull;
  readonly #running = new Set<WorkItem>();
  readonly #waiting: WorkItem[] = [];
  /** All that runs or waits here, by its sequence in the stream. */
  readonly #held = new Map<number, WorkItem>();
  readonly #account: AccountName;
  readonly #advisories: { stop(): void };
  #paused = false;
  #draining = false;
  #losses = 0;
  #repull: NodeJS.Timeout | undefined;
  #idle: () => void = () => undefined;
  #counts = { done: 0, retried: 0, deadLettered: 0 };

  constructor(
    private readonly tools: Tools,
    private readonly spec: ConsumerSpec,
    private readonly handler: WorkHandler,
    private readonly concurrency: number,
  ) {
    this.#account = tools.connection.options.account;
    this.#pull = new Pull(tools.connection, {
      stream: spec.stream,
      consumer: spec.durable,
      heartbeatMs: LIMITS.workHeartbeatMs,
      onMessage: (msg) => this.#onMessage(msg),
      onLoss: (loss, description) => this.#onLoss(loss, description),
    });
    this.#advisories = buryExhausted(tools, spec);
    this.#ask();
  }

  /** False when the consumer is gone or shows no sign of life. */
  get alive(): boolean {
    return this.#draining || (this.#pull.alive && this.#losses < 3);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#ask();
  }

  stats(): WorkStats {
    return { running: this.#running.size, waiting: this.#waiting.length, paused: this.#paused, ...this.#counts };
  }

  async drain(deadlineMs: number): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    this.#advisories.stop();
    clearTimeout(this.#repull);
    for (const item of this.#waiting.splice(0)) item.giveBack(0);
    const ended = new Promise<void>((resolve) => (this.#idle = resolve));
    const pullEnded = this.#pull.drain();
    if (this.#running.size > 0) await within(ended, deadlineMs);
    for (const item of this.#running) item.surrender();
    await within(pullEnded, LIMITS.flushTimeoutMs);
    await this.tools.connection.flush(LIMITS.flushTimeoutMs).catch(() => undefined);
  }

  #ask(): void {
    if (this.#paused || this.#draining) return;
    const free = this.concurrency - this.#running.size - this.#waiting.length - this.#pull.outstanding;
    // Asking for every single slot costs a message each; asking late leaves slots empty.
    if (free > 0 && (free >= this.concurrency / 4 || this.#pull.outstanding === 0)) this.#pull.ask(free);
  }

  #onLoss(loss: PullLoss, description: string): void {
    // A pull that ran its time was known to the consumer.
    if (loss === 'expired') this.#losses = 0;
    if (loss === 'expired' || loss === 'reconnected') return this.#ask();
    this.#losses++;
    const { stream, durable } = this.spec;
    this.tools.connection.options.logger.warn(
      { stream, consumer: durable, loss, description },
      'work cannot be asked for now',
    );
    clearTimeout(this.#repull);
    this.#repull = setTimeout(() => this.#ask(), backoffMs(this.#losses, LIMITS.workRepullMs, LIMITS.workRepullMsMax));
  }

  #onMessage(msg: Msg): void {
    this.#losses = 0;
    const delivery = readDelivery(msg.reply);
    if (delivery === null) return;
    // A broker that was away delivers again what is under way here: doing it twice would cost twice.
    if (this.#held.get(delivery.streamSeq)?.renew(msg, delivery) === true) return this.#ask();
    const item = new WorkItem(this.tools.connection, msg, delivery, this.spec);
    if (this.#draining) return item.giveBack(0);
    this.#held.set(delivery.streamSeq, item);
    this.#waiting.push(item);
    this.#next();
  }

  #next(): void {
    while (this.#running.size < this.concurrency && !this.#draining) {
      const item = this.#waiting.shift();
      if (!item) break;
      if (item.settled) {
        this.#release(item);
        continue;
      }
      this.#running.add(item);
      void this.#handle(item).finally(() => {
        this.#running.delete(item);
        this.#release(item);
        if (this.#running.size === 0) this.#idle();
        this.#next();
      });
    }
    this.#ask();
  }

  #release(item: WorkItem): void {
    const { streamSeq } = item.delivery;
    if (this.#held.get(streamSeq) === item) this.#held.delete(streamSeq);
  }

  async #handle(item: WorkItem): Promise<void> {
    try {
      await this.#run(item);
      this.#counts.done++;
      item.ack();
    } catch (error) {
      await this.#onFailure(item, MeshError.from(error)).catch((failure: unknown) => {
        const { stream, durable } = this.spec;
        const fields = { err: MeshError.from(failure), stream, consumer: durable, seq: item.delivery.streamSeq };
        this.tools.connection.options.logger.error(fields, 'a message could not be put aside; it will come again');
        item.giveBack(LIMITS.workRetryMsMax);
      });
    }
  }

  async #run(item: WorkItem): Promise<void> {
    const { msg, delivery } = item;
    if (delivery.deliveries >= this.spec.deliverMax) {
      throw new MeshError('INTERNAL', `The message was delivered ${delivery.deliveries} times and never finished.`);
    }
    const channel: ChannelName | null = channelOf(this.#account, msg.subject);
    if (channel === null) throw new MeshError('REQUEST_INVALID', 'The subject belongs to no channel.');
    const decoded = await this.tools.codec.decode(channel, msg);
    const lastDelivery = delivery.deliveries >= this.spec.deliverMax - 1;
    const { streamSeq: seq, deliveries } = delivery;
    await this.handler({ ...decoded, seq, deliveries, lastDelivery, signal: item.signal });
  }

  async #onFailure(item: WorkItem, reason: MeshError): Promise<void> {
    if (item.settled) return;
    const { deliveries, streamSeq } = item.delivery;
    const { stream, durable, deliverMax } = this.spec;
    const fields = { err: reason, stream, consumer: durable, subject: item.msg.subject, seq: streamSeq, deliveries };
    if (reason.retry === 'backoff' && deliveries < deliverMax - 1) {
      this.#counts.retried++;
      this.tools.connection.options.logger.warn(fields, 'a message failed and will come again');
      item.giveBack(backoffMs(deliveries - 1, LIMITS.workRetryMs, LIMITS.workRetryMsMax));
      return;
    }
    this.tools.connection.options.logger.error(fields, 'a message was put aside as a dead letter');
    const corpse = { subject: item.msg.subject, data: item.msg.data, streamSeq, deliveries, reason };
    await bury(this.tools.publisher, this.tools.codec.keys, this.spec, corpse);
    this.#counts.deadLettered++;
    item.ack();
  }
}
