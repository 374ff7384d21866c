import { pause } from '@signalbox/kernel';
import type { Subscription } from '@nats-io/transport-node';
import type { Connection } from './connection.js';
import { lastOnSubject } from './js-api.js';

/** Pauses before a message that was heard is looked for again, ms: each twice the last, 635 together. */
const STORED_MS = 5;
const STORED_MS_MAX = 320;

/** A message as the broker carries it, unread. */
export interface Sampled {
  subject: string;
  body: Uint8Array;
  /** `name: value` lines; empty where it has none. */
  headers: string;
}

export interface SampleOptions {
  /** Wildcards that this service may listen to. */
  patterns: readonly string[];
  /** Messages of each pattern and period; what comes beyond is not even delivered. */
  messagesMax: number;
  periodMs: number;
  hear: (message: Sampled) => void;
}

/** What crosses the account, a sample at a time. */
export class Sampling {
  constructor(private readonly connection: Connection) {}

  /**
   * Hears the first messages of each period, all of them while there are few. The broker itself ends the subscription
   * after so many, so that the cost is the same however much there is.
   */
  follow({ patterns, messagesMax, periodMs, hear }: SampleOptions): { stop(): void } {
    let subscriptions: Subscription[] = [];
    const renew = (): void => {
      const ending = subscriptions;
      subscriptions = patterns.map((pattern) => this.#hearSome(pattern, messagesMax, hear));
      for (const subscription of ending) subscription.unsubscribe();
    };
    const timer = setInterval(renew, periodMs);
    const stop = (): void => {
      clearInterval(timer);
      for (const subscription of subscriptions.splice(0)) subscription.unsubscribe();
    };
    this.connection.onClosing(stop);
    renew();
    return { stop };
  }

  /**
   * Where in a stream a message lies that was heard, as long as it is the newest of its subject; null where it is not, or is not
   * stored within a second. The broker tells of a message beside storing it, so it may be heard first.
   */
  async seqOf(stream: string, { subject, body }: Pick<Sampled, 'subject' | 'body'>): Promise<number | null> {
    for (let waitMs = STORED_MS; ; waitMs *= 2) {
      const stored = await lastOnSubject(this.connection, stream, subject);
      if (stored !== null && Buffer.compare(stored.data, body) === 0) return stored.seq;
      if (waitMs > STORED_MS_MAX || this.connection.isClosing) return null;
      await pause(waitMs);
    }
  }

  #hearSome(pattern: string, max: number, hear: SampleOptions['hear']): Subscription {
    return this.connection.listen(pattern, {
      max,
      callback: (error, { subject, data, headers }) => {
        if (error !== null) return;
        const lines = [...(headers ?? [])].map(([name, values]) => `${name}: ${values.join(', ')}`);
        hear({ subject, body: data, headers: lines.join('\n') });
      },
    });
  }
}
