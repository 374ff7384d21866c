import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import type { Bus, BusMessage, Service, WorkConsumer } from '@signalbox/bus';
import { type AccountName, CHANNELS, CONSUMERS } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { withTrace } from '@signalbox/telemetry';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Concurrency, HandlerExtras } from './decorators.js';

export interface StrategyOptions {
  buses: Partial<Record<AccountName, Bus>>;
  config: unknown;
  logger: Logger;
  drainMs: number;
}

/** Nest's microservice transport over the bus: binds each decorated handler to its consumer, service or subject. */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  readonly #workers: WorkConsumer[] = [];
  readonly #services: Service[] = [];
  readonly #subscriptions: { stop(): void }[] = [];

  constructor(private readonly options: StrategyOptions) {
    super();
  }

  override listen(callback: (error?: unknown) => void): void {
    this.#bindAll().then(
      () => callback(),
      (error: unknown) => callback(error),
    );
  }

  async #bindAll(): Promise<void> {
    for (const handler of this.messageHandlers.values()) await this.#bind(handler, handler.extras as HandlerExtras);
  }

  async #bind(handler: MessageHandler, extras: HandlerExtras): Promise<void> {
    switch (extras.role) {
      case 'work': {
        const concurrency = this.#concurrency(extras.concurrency, 1);
        const work = (message: BusMessage<unknown>): Promise<void> => this.#call(handler, message) as Promise<void>;
        for (const consumer of extras.consumers) {
          const bus = this.#busOf(CONSUMERS[consumer].account);
          this.#workers.push(await bus.work(consumer, work, { concurrency }));
        }
        return;
      }
      case 'serve': {
        const bus = this.#busOf(CHANNELS[extras.channel].account);
        const serve = (message: BusMessage<unknown>) => this.#call(handler, message) as Promise<never>;
        this.#services.push(
          await bus.serve(extras.channel, serve, { concurrency: this.#concurrency(extras.concurrency, 256) }),
        );
        return;
      }
      case 'serve-stream': {
        const bus = this.#busOf(CHANNELS[extras.channel].account);
        const stream = (message: BusMessage<unknown>, signal: AbortSignal) => this.#stream(handler, message, signal);
        const concurrency = this.#concurrency(extras.concurrency, 4_096);
        this.#services.push(await bus.serveStream(extras.channel, stream, { concurrency }));
        return;
      }
      case 'subscribe':
        this.#subscriptions.push(
          this.#busOf(CHANNELS[extras.channel].account).subscribe(extras.channel, extras.subject, (message) => {
            this.#call(handler, message).catch((error: unknown) =>
              this.options.logger.error(
                { err: MeshError.from(error), subject: message.subject },
                'a subscriber failed',
              ),
            );
          }),
        );
    }
  }

  /** Runs a Nest handler inside the trace of its message; what its filters made of an error is thrown again. */
  #call(handler: MessageHandler, message: BusMessage<unknown>): Promise<unknown> {
    return withTrace(message.traceparent, { tenant: message.tenant }, async () => {
      const result: unknown = await handler(message.body, message);
      return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
    });
  }

  async *#stream(handler: MessageHandler, message: BusMessage<unknown>, signal: AbortSignal): AsyncIterable<never> {
    const items = (await this.#call(handler, Object.assign(message, { signal }))) as AsyncIterable<never>;
    yield* items;
  }

  #busOf(account: AccountName): Bus {
    const bus = this.options.buses[account];
    if (!bus)
      throw new MeshError(
        'CONFIG_INVALID',
        `A handler needs the account ${account}, which this service has no user in.`,
      );
    return bus;
  }

  #concurrency(wanted: Concurrency | undefined, fallback: number): number {
    return typeof wanted === 'function' ? wanted(this.options.config as never) : (wanted ?? fallback);
  }

  /** Takes no more work, lets what runs finish within the drain time, gives the rest back. */
  override async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.drain(this.options.drainMs)));
    await Promise.all(this.#services.map((service) => service.stop()));
    for (const subscription of this.#subscriptions) subscription.stop();
  }

  override on(): never {
    throw new MeshError('INTERNAL', 'The bus has no events of its own; use its health.');
  }

  override unwrap<T>(): T {
    return this.options.buses as T;
  }
}
