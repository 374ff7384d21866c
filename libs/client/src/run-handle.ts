import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { WatchEventV1 } from '@signalbox/contracts';
import { ClientError } from './client-error.js';
import type { RunView } from './client.js';

/** Silence after which a watch is begun anew, ms; the mesh sends a sign of life more often. */
const IDLE_MS = 15_000;
const RETRY_MS = 250;

interface RunAccess {
  connection: NatsConnection;
  inboxPrefix: string;
  subject: string;
  body: { keyDigest: string; runId: string };
  status(): Promise<RunView>;
}

/** One run: its events as they happen, and its end. */
export class RunHandle {
  constructor(
    readonly runId: string,
    private readonly access: RunAccess,
  ) {}

  /** The run as it stands. */
  status(): Promise<RunView> {
    return this.access.status();
  }

  /** The run at its end, or when it waits for a person. */
  async result(): Promise<RunView> {
    for await (const event of this.events()) {
      if (event.type === 'end') return event.view;
      if (event.type === 'note' && event.phase === 'waiting') break;
    }
    return this.status();
  }

  /** Ends with an `end` event. A watch that breaks is begun anew; deltas may be missed then, the end never is. */
  async *events(signal?: AbortSignal): AsyncGenerator<WatchEventV1> {
    while (!signal?.aborted) {
      try {
        for await (const event of this.#watch(signal)) {
          yield event;
          if (event.type === 'end') return;
        }
      } catch (error) {
        if (!ClientError.from(error).retryable) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async *#watch(signal?: AbortSignal): AsyncGenerator<WatchEventV1> {
    const { connection, subject, body } = this.access;
    const inbox = createInbox(this.access.inboxPrefix);
    const subscription = connection.subscribe(inbox);
    const stop = (): void => subscription.unsubscribe();
    signal?.addEventListener('abort', stop, { once: true });
    const idle = idleTimer(subscription);
    try {
      connection.publish(subject, JSON.stringify(body), { reply: inbox });
      for await (const message of subscription) {
        idle.renew();
        if (message.headers?.get('sb-end') || isNoResponders(message)) break;
        if (message.headers?.get('sb-beat')) continue;
        yield WatchEventV1.parse(ClientError.check(message));
      }
    } finally {
      idle.stop();
      signal?.removeEventListener('abort', stop);
      subscription.unsubscribe();
    }
  }
}

function isNoResponders(message: Msg): boolean {
  return message.data.length === 0 && message.headers?.code === 503;
}

function idleTimer(subscription: Subscription): { renew(): void; stop(): void } {
  const timer = setTimeout(() => subscription.unsubscribe(), IDLE_MS);
  return { renew: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}
