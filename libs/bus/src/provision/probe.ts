import { headers, type Msg, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';

const REPLY_TIMEOUT_MS = 2_000;
/** No stream has this name: a stored subject's stream answers the message, and stores nothing. */
const NO_STREAM = 'none';

/** One user of the bus that tries things and tells what the server made of them. */
export class Probe {
  private readonly violations: PermissionViolationError[] = [];

  constructor(
    readonly name: string,
    readonly connection: NatsConnection,
  ) {
    void this.collectViolations();
  }

  private async collectViolations(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'error' && status.error instanceof PermissionViolationError)
        this.violations.push(status.error);
    }
  }

  /** Publishes; true when the server refused it. The server answers in order, so a flush tells. */
  async isPublishRefused(
    subject: string,
    options: { body?: string; reply?: string; storeNothing?: boolean } = {},
  ): Promise<boolean> {
    const { body = '', reply, storeNothing } = options;
    this.connection.publish(subject, body, {
      ...(reply === undefined ? {} : { reply }),
      ...(storeNothing ? { headers: expectationThatFails() } : {}),
    });
    return this.sawViolation('publish', subject);
  }

  /** Subscribes for a moment; true when the server refused it. */
  async isSubscribeRefused(subject: string, queue?: string): Promise<boolean> {
    const subscription = this.connection.subscribe(subject, { callback: () => undefined, ...(queue ? { queue } : {}) });
    const refused = await this.sawViolation('subscription', subject);
    if (!subscription.isClosed()) subscription.unsubscribe();
    return refused;
  }

  /** Collects the subjects of messages under a pattern that hold the marker. */
  async listen(pattern: string, marker: string, into: Set<string>): Promise<void> {
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null && message.subject.includes(marker)) into.add(message.subject);
    };
    this.connection.subscribe(pattern, { callback });
    await this.connection.flush();
  }

  /** The stream's receipt for a message that it must not store; true when it came to this probe's own inbox. */
  async isReceiptGiven(subject: string): Promise<boolean> {
    const message = await this.connection
      .request(subject, '', { timeout: REPLY_TIMEOUT_MS, headers: expectationThatFails() })
      .catch(() => null);
    return message !== null;
  }

  async isAnswered(subject: string): Promise<boolean> {
    const message = await this.connection.request(subject, '', { timeout: REPLY_TIMEOUT_MS }).catch(() => null);
    return message !== null;
  }

  private async sawViolation(operation: PermissionViolationError['operation'], subject: string): Promise<boolean> {
    await this.connection.flush();
    // The client hands errors over through an iterator, a turn after the flush.
    await new Promise((resolve) => setImmediate(resolve));
    const found = this.violations.findIndex((error) => error.operation === operation && error.subject === subject);
    if (found >= 0) this.violations.splice(found, 1);
    return found >= 0;
  }
}

function expectationThatFails() {
  const expectation = headers();
  expectation.set('Nats-Expected-Stream', NO_STREAM);
  return expectation;
}
