import type { ConsumerSpec } from '@signalbox/contracts';
import type { Msg } from '@nats-io/transport-node';
import type { Connection } from './connection.js';
import type { Delivery } from './delivery.js';
import { LIMITS } from './limits.js';

const MS = 1_000_000;

/**
 * One delivered message. From its arrival on the broker is told three times per ack wait that it is being worked on,
 * until it is settled or was held too long; then its signal aborts and the broker gives it to someone else.
 */
export class WorkItem {
  readonly #abort = new AbortController();
  readonly #beat: NodeJS.Timeout;
  readonly #hold: NodeJS.Timeout;
  #settled = false;
  #msg: Msg;
  #delivery: Delivery;

  constructor(
    private readonly connection: Connection,
    msg: Msg,
    delivery: Delivery,
    spec: ConsumerSpec,
  ) {
    this.#msg = msg;
    this.#delivery = delivery;
    this.#beat = setInterval(() => this.#say('+WPI'), spec.ackWaitMs / 3);
    this.#hold = setTimeout(() => this.abandon(), LIMITS.workHoldMs);
  }

  get msg(): Msg {
    return this.#msg;
  }

  get delivery(): Delivery {
    return this.#delivery;
  }

  /**
   * Takes a further delivery of the message that is being worked on, as after a restart of the broker: what is said from
   * now on is said of that one. False when it is another message, or this one is out of our hands.
   */
  renew(msg: Msg, delivery: Delivery): boolean {
    if (this.#settled || msg.subject !== this.#msg.subject || Buffer.compare(msg.data, this.#msg.data) !== 0)
      return false;
    this.#msg = msg;
    this.#delivery = delivery;
    return true;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get settled(): boolean {
    return this.#settled;
  }

  ack(): void {
    this.#settle('+ACK');
  }

  /** Gives it back, to come again after `delayMs`. */
  giveBack(delayMs: number): void {
    this.#settle(`-NAK ${JSON.stringify({ delay: delayMs * MS })}`);
  }

  /** Stops what works on it; says nothing to the broker, which delivers it again after the ack wait. */
  abandon(): void {
    this.#end();
    this.#abort.abort();
  }

  /** Stops what works on it and gives it back at once. */
  surrender(): void {
    this.giveBack(0);
    this.#abort.abort();
  }

  #settle(word: string): void {
    if (this.#settled) return;
    this.#end();
    this.#say(word);
  }

  #end(): void {
    this.#settled = true;
    clearInterval(this.#beat);
    clearTimeout(this.#hold);
  }

  /** Where it cannot be said the connection is closed, and the broker delivers the message again after the ack wait. */
  #say(word: string): void {
    if (this.#msg.reply !== undefined) this.connection.sendSoon(this.#msg.reply, word, undefined, () => undefined);
  }
}
