import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Connection } from './connection.js';
import { LIMITS } from './limits.js';

/** Why what was asked for will not come. */
export type PullLoss =
  /** The connection was gone: what was in flight is lost, the server may have forgotten the pull. */
  | 'reconnected'
  /** No message and no sign of life for two and a half heartbeats. */
  | 'silent'
  /** No such consumer or stream, or it was deleted. */
  | 'gone'
  /** The server takes no more pulls now. */
  | 'refused'
  /** Waited its time; the most usual one. */
  | 'expired';

export interface PullOptions {
  stream: string;
  consumer: string;
  heartbeatMs: number;
  onMessage: (msg: Msg) => void;
  /** Nothing is outstanding any more; whoever still wants messages pulls again. */
  onLoss: (loss: PullLoss, description: string) => void;
}

const MISSED_BEATS = 2.5;
const MS = 1_000_000;

/** Asks a pull consumer for messages and keeps count of how many may still come. */
export class Pull {
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #watchdog: NodeJS.Timeout;
  readonly #unlisten: () => void;
  #outstanding = 0;
  #heardAt = 0;
  #asked = 0;
  #stopped = false;
  #draining = false;

  constructor(
    private readonly connection: Connection,
    private readonly options: PullOptions,
  ) {
    this.#inbox = connection.newInbox();
    this.#subscription = connection.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, msg) => (error === null ? this.#onMessage(msg) : this.#lose('refused', error.message)),
    });
    this.#watchdog = setInterval(() => this.#checkSilence(), options.heartbeatMs / 2);
    this.#unlisten = connection.onReconnect(() => this.#lose('reconnected', 'the connection was lost'));
  }

  /** Messages asked for and not yet received. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** True while the consumer shows signs of life, or nothing is asked of it. */
  get alive(): boolean {
    return this.#outstanding === 0 || performance.now() - this.#heardAt <= MISSED_BEATS * this.options.heartbeatMs;
  }

  ask(count: number): void {
    if (this.#stopped || this.#draining || count <= 0) return;
    if (this.#outstanding === 0) this.#heardAt = performance.now();
    this.#outstanding += count;
    const { stream, consumer, heartbeatMs } = this.options;
    const request = { batch: count, expires: LIMITS.pullExpiresMs * MS, idle_heartbeat: heartbeatMs * MS };
    const reply = `${this.#inbox}.${(this.#asked++).toString(36)}`;
    this.connection.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), { reply });
  }

  /** Gives up what was asked for; messages that are on their way are still handed over before it resolves. */
  async drain(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#watchdog);
    this.#unlisten();
    await this.#subscription.drain().catch(() => undefined);
    this.stop();
  }

  /** The server drops what is asked for when the inbox is gone; messages on their way come again by themselves. */
  stop(): void {
    this.#stopped = true;
    this.#outstanding = 0;
    clearInterval(this.#watchdog);
    this.#unlisten();
    this.#subscription.unsubscribe();
  }

  #onMessage(msg: Msg): void {
    if (this.#stopped) return;
    this.#heardAt = performance.now();
    const status = msg.subject.startsWith(this.#inbox) ? (msg.headers?.code ?? 0) : 0;
    if (status === 0) {
      this.#outstanding = Math.max(0, this.#outstanding - 1);
      this.options.onMessage(msg);
      return;
    }
    if (status === 100) return;
    const left = Number(msg.headers?.get('Nats-Pending-Messages') ?? '');
    const description = msg.headers?.description ?? '';
    if (status === 503 || /deleted|not found/i.test(description)) return this.#lose('gone', description);
    if (status === 409 && /exceeded/i.test(description)) return this.#lose('refused', description);
    // Expired or cut short: what is left of that pull will not come.
    this.#outstanding = left > 0 ? Math.max(0, this.#outstanding - left) : 0;
    if (this.#outstanding === 0) this.options.onLoss('expired', description);
  }

  #checkSilence(): void {
    if (!this.alive) this.#lose('silent', 'no sign of life');
  }

  #lose(loss: PullLoss, description: string): void {
    if (this.#stopped || this.#draining) return;
    this.#outstanding = 0;
    this.options.onLoss(loss, description);
  }
}
