import { type AccountName, inboxPrefix, type ServiceName } from '@signalbox/contracts';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import {
  AuthorizationError,
  connect,
  createInbox,
  type Msg,
  type NatsConnection,
  nkeyAuthenticator,
  PermissionViolationError,
  type PublishOptions,
  type ServerInfo,
  type Status,
  type Subscription,
  type SubscriptionOptions,
} from '@nats-io/transport-node';
import { fromNats } from './bus-error.js';
import type { KeyRing } from './key-ring.js';
import { LIMITS } from './limits.js';
import type { BusLogger } from './types.js';
import { within } from './within.js';

export interface ConnectionOptions {
  service: ServiceName;
  account: AccountName;
  url: string;
  keys: KeyRing;
  logger: BusLogger;
}

interface Outgoing {
  subject: string;
  payload: Uint8Array | string;
  options: PublishOptions | undefined;
  sent: (error: MeshError | null) => void;
}

type Forbidden = (subject: string, operation: 'publish' | 'subscription') => void;

/** One user's connection to one account: it comes back for ever, and tells when it does. */
export class Connection {
  readonly #reconnected = new Set<() => void>();
  readonly #forbidden = new Set<Forbidden>();
  readonly #closing = new Set<() => void>();
  #outgoing: Outgoing[] = [];
  #isClosing = false;
  #disconnectedAt: number | null = null;
  #server: ServerInfo | undefined;

  private constructor(
    readonly nc: NatsConnection,
    readonly options: ConnectionOptions,
  ) {
    this.#server = nc.info;
    void this.#watch();
  }

  /** What the server said of itself, now or when it was last there. */
  get server(): ServerInfo | undefined {
    return this.#server;
  }

  /** Tries until the server is there; wrong credentials end in BUS_FORBIDDEN. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const startedAt = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        return new Connection(await connect(clientOptions(options)), options);
      } catch (error) {
        const refused = error instanceof AuthorizationError;
        if (refused && performance.now() - startedAt > LIMITS.connectForbiddenMs) throw fromNats(error);
        options.logger.warn({ err: fromNats(error), account: options.account }, 'the bus cannot be reached yet');
        await pause(backoffMs(attempt, LIMITS.reconnectWaitMs, LIMITS.publishRetryMsMax));
      }
    }
  }

  /** A fresh subject for replies that only this user can read. */
  newInbox(): string {
    return createInbox(inboxPrefix(this.options.service));
  }

  /** Calls back after each reconnect, when subscriptions are there again. Gives the way to stop it. */
  onReconnect(listener: () => void): () => void {
    this.#reconnected.add(listener);
    return () => this.#reconnected.delete(listener);
  }

  onForbidden(listener: Forbidden): () => void {
    this.#forbidden.add(listener);
    return () => this.#forbidden.delete(listener);
  }

  /** Calls back when this process closes the connection; what reads for ever ends then. */
  onClosing(listener: () => void): () => void {
    this.#closing.add(listener);
    return () => this.#closing.delete(listener);
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const listener of this.#closing) listener();
    this.#sendOutgoing();
    await this.nc.close();
  }

  /** For how long the connection has been gone; 0 while it stands. */
  disconnectedMs(): number {
    return this.#disconnectedAt === null ? 0 : performance.now() - this.#disconnectedAt;
  }

  /** Asks and waits for one answer. Errors are MeshErrors. */
  async ask(subject: string, payload: Uint8Array | string, timeoutMs: number): Promise<Msg> {
    try {
      return await this.nc.request(subject, payload, { timeout: timeoutMs });
    } catch (error) {
      throw fromNats(error);
    }
  }

  /** Sends without an answer; the client keeps it while the connection is gone. */
  send(subject: string, payload: Uint8Array, options: PublishOptions): void {
    try {
      this.nc.publish(subject, payload, options);
    } catch (error) {
      throw fromNats(error);
    }
  }

  /**
   * The same at the end of this turn of the event loop, with all else that is sent in it: every write of its own costs a
   * system call here and one at the server. What is sent so stays in order. `sent` hears when the client has it, or why it cannot.
   */
  sendSoon(
    subject: string,
    payload: Uint8Array | string,
    options: PublishOptions | undefined,
    sent: (error: MeshError | null) => void,
  ): void {
    if (this.#outgoing.push({ subject, payload, options, sent }) === 1) setImmediate(() => this.#sendOutgoing());
  }

  listen(subject: string, options: SubscriptionOptions): Subscription {
    try {
      return this.nc.subscribe(subject, options);
    } catch (error) {
      throw fromNats(error);
    }
  }

  /** Resolves when the server has seen all that was sent; BUS_TIMEOUT after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    let answered = false;
    this.#sendOutgoing();
    try {
      answered = await within(this.nc.flush(), timeoutMs);
    } catch (error) {
      throw fromNats(error);
    }
    if (!answered) throw new MeshError('BUS_TIMEOUT', `The server answered no ping within ${timeoutMs} ms.`);
  }

  #sendOutgoing(): void {
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    for (const { subject, payload, options, sent } of outgoing) {
      let fault: MeshError | null = null;
      try {
        this.nc.publish(subject, payload, options);
      } catch (error) {
        fault = fromNats(error);
      }
      sent(fault);
    }
  }

  async #watch(): Promise<void> {
    for await (const status of this.nc.status()) this.#note(status);
  }

  #note(status: Status): void {
    const { logger, account } = this.options;
    switch (status.type) {
      case 'disconnect':
        this.#disconnectedAt ??= performance.now();
        logger.warn({ account }, 'lost the connection to the bus');
        return;
      case 'reconnect':
        this.#disconnectedAt = null;
        this.#server = this.nc.info ?? this.#server;
        logger.info({ account }, 'connected to the bus again');
        for (const listener of this.#reconnected) listener();
        return;
      case 'error':
        logger.error({ account, err: fromNats(status.error) }, 'the server reports an error');
        if (status.error instanceof PermissionViolationError) {
          for (const listener of this.#forbidden) listener(status.error.subject, status.error.operation);
        }
        return;
      case 'slowConsumer':
        logger.warn(
          { account, subject: status.sub.getSubject(), pending: status.pending },
          'a subscription reads too slowly',
        );
        return;
      default:
        logger.debug({ account, status: status.type }, 'bus connection');
    }
  }
}

function clientOptions({ service, account, url, keys }: ConnectionOptions): Parameters<typeof connect>[0] {
  return {
    servers: url.split(','),
    name: `${service}@${account}`,
    inboxPrefix: inboxPrefix(service),
    authenticator: nkeyAuthenticator(keys.natsSeed(account)),
    timeout: LIMITS.connectTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: LIMITS.reconnectWaitMs,
    reconnectJitter: LIMITS.reconnectJitterMs,
    pingInterval: LIMITS.pingIntervalMs,
    maxPingOut: 2,
    // A reload of the server may take our key away for a moment.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  };
}
