import { backoffMs, MeshError } from '@signalbox/kernel';
import { type Msg, type MsgHdrs, type Subscription } from '@nats-io/transport-node';
import { API_CODE, type ApiFault, forbidden, fromApiFault } from './bus-error.js';
import type { Connection } from './connection.js';
import { HeaderLines } from './header-lines.js';
import { LIMITS } from './limits.js';

export interface PublishAck {
  stream: string;
  seq: number;
  duplicate: boolean;
  /** The bytes were sent more than once, so an earlier copy may be what was stored. */
  resent: boolean;
}

interface Pending {
  subject: string;
  data: Uint8Array;
  headers: MsgHdrs;
  attempts: number;
  /** Attempts that were answered with "nobody there": those stored nothing. */
  refusals: number;
  /** When it was first sent; 0 before. */
  sentAt: number;
  /** When to send the same bytes again. */
  dueAt: number;
  deadlineAt: number;
  resolve: (ack: PublishAck) => void;
  reject: (error: MeshError) => void;
}

const SWEEP_MS = 50;

/**
 * Publishes into streams. Acks come to one subscription, at most `publishWindow` are awaited, the rest queues.
 * Without an ack the same bytes go out again, to the same reply subject, so that a late ack still counts.
 * Rejects with SEQUENCE_CONFLICT (`details.resent` when an earlier copy may have landed), OVERLOADED,
 * BUS_FORBIDDEN, BUS_UNAVAILABLE or, when the outcome stays unknown, BUS_TIMEOUT.
 */
export class Publisher {
  readonly #inbox: string;
  readonly #acks: Subscription;
  readonly #pending = new Map<string, Pending>();
  readonly #queue: Pending[] = [];
  readonly #unlisten: (() => void)[];
  #queueBytes = 0;
  #next = 0;
  /** When the last one was given up, unless the broker answered since. */
  #gaveUpAt: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(private readonly connection: Connection) {
    this.#inbox = connection.newInbox();
    this.#acks = connection.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, msg) => (error === null ? this.#onAck(msg) : undefined),
    });
    this.#unlisten = [
      connection.onReconnect(() => this.#resendAll()),
      connection.onForbidden((subject, operation) => operation === 'publish' && this.#refuse(subject)),
    ];
  }

  get outstanding(): number {
    return this.#pending.size + this.#queue.length;
  }

  publish(subject: string, data: Uint8Array, lines: MsgHdrs | HeaderLines): Promise<PublishAck> {
    const headers = lines instanceof HeaderLines ? lines.forClient() : lines;
    if (data.length > LIMITS.publishQueueBytesMax - this.#queueBytes || this.#queue.length >= LIMITS.publishQueueMax) {
      return Promise.reject(new MeshError('OVERLOADED', 'Too many messages wait to be published.'));
    }
    return new Promise((resolve, reject) => {
      const deadlineAt = performance.now() + LIMITS.publishDeadlineMs;
      this.#queue.push({
        subject,
        data,
        headers,
        attempts: 0,
        refusals: 0,
        sentAt: 0,
        dueAt: 0,
        deadlineAt,
        resolve,
        reject,
      });
      this.#queueBytes += data.length;
      this.#fill();
    });
  }

  /** For how long the broker has stored nothing of what it was sent, ms; remembered for a while after the last was given up. */
  get stalledMs(): number {
    const now = performance.now();
    const [oldest] = this.#pending.values();
    const wasGivenUp = this.#gaveUpAt !== null && now - this.#gaveUpAt < LIMITS.publishDeadlineMs;
    return Math.max(oldest ? now - oldest.sentAt : 0, wasGivenUp ? LIMITS.publishDeadlineMs : 0);
  }

  /** Resolves when nothing is outstanding. */
  idle(): Promise<void> {
    if (this.outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** What is still outstanding is rejected: its outcome is unknown. */
  close(): void {
    for (const unlisten of this.#unlisten) unlisten();
    clearInterval(this.#timer);
    this.#acks.unsubscribe();
    const error = new MeshError('SHUTTING_DOWN', 'The process stopped before the broker acknowledged.');
    for (const pending of [...this.#pending.values(), ...this.#queue.splice(0)]) pending.reject(error);
    this.#pending.clear();
  }

  #fill(): void {
    while (this.#pending.size < LIMITS.publishWindow) {
      const pending = this.#queue.shift();
      if (!pending) break;
      this.#queueBytes -= pending.data.length;
      const token = (this.#next++).toString(36);
      pending.sentAt = performance.now();
      this.#pending.set(token, pending);
      this.#send(token, pending);
    }
    if (this.#pending.size > 0) this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS);
  }

  #send(token: string, pending: Pending): void {
    pending.attempts++;
    pending.dueAt = performance.now() + LIMITS.publishResendMs;
    const options = { reply: `${this.#inbox}.${token}`, headers: pending.headers };
    this.connection.sendSoon(pending.subject, pending.data, options, (error) => {
      if (error !== null) this.#settle(token, () => pending.reject(error));
    });
  }

  #onAck(msg: Msg): void {
    const token = msg.subject.slice(this.#inbox.length + 1);
    const pending = this.#pending.get(token);
    if (!pending) return;
    if (msg.headers?.code === 503) return this.#again(pending);
    const ack = readAck(msg);
    this.#gaveUpAt = null;
    if (ack.error) return this.#onFault(token, pending, ack.error);
    const resent = pending.attempts > 1;
    this.#settle(token, () =>
      pending.resolve({ stream: ack.stream, seq: ack.seq, duplicate: ack.duplicate ?? false, resent }),
    );
  }

  #onFault(token: string, pending: Pending, fault: ApiFault): void {
    const error = fromApiFault(fault);
    if (error.code === 'BUS_UNAVAILABLE' || fault.err_code === API_CODE.duplicateInProcess) return this.#again(pending);
    const told =
      pending.attempts > 1
        ? new MeshError(error.code, error.message, { details: { ...error.details, resent: true } })
        : error;
    this.#settle(token, () => pending.reject(told));
  }

  /** Nobody there, or busy with it: the same again after a pause. */
  #again(pending: Pending): void {
    pending.refusals++;
    pending.dueAt = performance.now() + backoffMs(pending.attempts, LIMITS.publishRetryMs, LIMITS.publishRetryMsMax);
  }

  #sweep(): void {
    const now = performance.now();
    for (const [token, pending] of this.#pending) {
      if (now >= pending.deadlineAt) {
        const error = tooLate(pending);
        this.#gaveUpAt = now;
        this.#settle(token, () => pending.reject(error));
      } else if (now >= pending.dueAt && this.connection.disconnectedMs() === 0) {
        this.#send(token, pending);
      }
    }
  }

  #resendAll(): void {
    for (const [token, pending] of this.#pending) this.#send(token, pending);
  }

  #refuse(subject: string): void {
    for (const [token, pending] of this.#pending) {
      if (pending.subject === subject) this.#settle(token, () => pending.reject(forbidden('publish', subject)));
    }
  }

  #settle(token: string, tell: () => void): void {
    this.#pending.delete(token);
    tell();
    this.#fill();
    if (this.outstanding > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function tooLate({ subject, attempts, refusals }: Pending): MeshError {
  const details = { subject, attempts };
  if (refusals >= attempts) return new MeshError('BUS_UNAVAILABLE', 'No stream takes that subject now.', { details });
  const text = `No acknowledgement within ${LIMITS.publishDeadlineMs} ms; it may have been stored.`;
  return new MeshError('BUS_TIMEOUT', text, { details });
}

interface AckBody {
  stream: string;
  seq: number;
  duplicate?: boolean;
  error?: ApiFault;
}

function readAck(msg: Msg): AckBody {
  try {
    const ack = msg.json<AckBody>();
    if (ack.error || (typeof ack.stream === 'string' && Number.isSafeInteger(ack.seq))) return ack;
  } catch {
    // Falls through: no broker says this.
  }
  return { stream: '', seq: 0, error: { code: 500, description: 'an acknowledgement that cannot be read' } };
}
