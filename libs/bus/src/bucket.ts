import { MeshError } from '@signalbox/kernel';
import { headers } from '@nats-io/transport-node';
import type { Connection } from './connection.js';
import { lastOnSubject, nextOnSubject, type StoredMessage } from './js-api.js';
import { LIMITS } from './limits.js';
import type { PublishAck, Publisher } from './publisher.js';
import { StreamReader } from './stream-reader.js';
import type { BucketChange, BucketEntry, BucketWatch } from './types.js';

const KEY = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const PATTERN = /^([A-Za-z0-9_-]+\.|\*\.)*([A-Za-z0-9_-]+|\*|>)$/;
const DELETED = new Set(['DEL', 'PURGE']);
const EXPECTED = 'Nats-Expected-Last-Subject-Sequence';
const OPERATION = 'KV-Operation';

/** A key-value bucket, in the layout that every NATS client reads. Revisions are sequences of its stream. */
export class Bucket {
  readonly #stream: string;
  readonly #root: string;

  constructor(
    readonly name: string,
    private readonly connection: Connection,
    private readonly publisher: Publisher,
  ) {
    this.#stream = `KV_${name}`;
    this.#root = `$KV.${name}.`;
  }

  /** Null when the key was never written, was deleted or has expired. */
  async get(key: string): Promise<BucketEntry | null> {
    const stored = await this.#stored(key);
    return stored === null || isDeletion(stored) ? null : { value: stored.data, revision: stored.seq };
  }

  /** Writes whatever was there before. Gives the revision. */
  async put(key: string, value: Uint8Array | string): Promise<number> {
    return (await this.#write(key, toBytes(value))).seq;
  }

  /** CONFLICT when the key is there. */
  async create(key: string, value: Uint8Array | string): Promise<number> {
    const bytes = toBytes(value);
    try {
      return await this.update(key, bytes, 0);
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.code !== 'SEQUENCE_CONFLICT') throw fault;
    }
    const stored = await this.#stored(key);
    const there = (): MeshError =>
      new MeshError('CONFLICT', `The key ${key} is there already.`, { details: { bucket: this.name, key } });
    if (stored !== null && !isDeletion(stored)) throw there();
    return this.update(key, bytes, stored?.seq ?? 0).catch((error: unknown) => {
      throw MeshError.from(error).code === 'SEQUENCE_CONFLICT' ? there() : error;
    });
  }

  /** Writes if `revision` is still the newest of the key (0 = there is none); SEQUENCE_CONFLICT otherwise. */
  async update(key: string, value: Uint8Array | string, revision: number): Promise<number> {
    const bytes = toBytes(value);
    try {
      return (await this.#write(key, bytes, { [EXPECTED]: String(revision) })).seq;
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.code !== 'SEQUENCE_CONFLICT' || fault.details['resent'] !== true) throw fault;
      // An earlier copy of this very write may have landed.
      const next = await nextOnSubject(this.connection, this.#stream, this.#subject(key), revision + 1);
      if (next !== null && Buffer.compare(next.data, bytes) === 0) return next.seq;
      throw fault;
    }
  }

  /**
   * Leaves a mark, so that watchers learn of it. Deleting what is not there is fine. With `revision` only if it is still the
   * newest of the key; SEQUENCE_CONFLICT otherwise.
   */
  async delete(key: string, revision?: number): Promise<void> {
    const expected = revision === undefined ? {} : { [EXPECTED]: String(revision) };
    await this.#write(key, new Uint8Array(), { [OPERATION]: 'DEL', ...expected });
  }

  /**
   * Calls back with the newest value of every matching key, then with each change, in order; awaited one by one.
   * `pattern` is a key, or has `*` for a token and `>` for the rest. A value that is overwritten at once may be skipped.
   */
  watch(pattern: string, handler: (change: BucketChange) => void | Promise<void>): BucketWatch {
    if (!PATTERN.test(pattern)) throw badKey(pattern);
    const stop = new AbortController();
    const reader = new StreamReader(this.connection, {
      stream: this.#stream,
      filter: this.#root + pattern,
      from: 'newest-per-subject',
      inactiveMs: LIMITS.followInactiveMs,
      signal: stop.signal,
      onMessage: async ({ subject, seq, data, headers: read }) => {
        const head = read();
        const gone = DELETED.has(head?.get(OPERATION) ?? '');
        const change = { key: subject.slice(this.#root.length), value: gone ? null : data, revision: seq };
        try {
          await handler(change);
        } catch (error) {
          this.connection.options.logger.error(
            { err: MeshError.from(error), bucket: this.name, key: change.key },
            'a watcher failed',
          );
        }
      },
    });
    reader.closed.catch((error: unknown) => {
      this.connection.options.logger.error({ err: MeshError.from(error), bucket: this.name }, 'a watch has ended');
    });
    return { ready: reader.caughtUp, stop: () => stop.abort() };
  }

  #stored(key: string): Promise<StoredMessage | null> {
    return lastOnSubject(this.connection, this.#stream, this.#subject(key));
  }

  #write(key: string, data: Uint8Array, extra: Record<string, string> = {}): Promise<PublishAck> {
    if (data.length > LIMITS.bucketValueBytesMax) {
      throw new MeshError(
        'PAYLOAD_TOO_LARGE',
        `A value of ${data.length} bytes is above the limit of ${LIMITS.bucketValueBytesMax}.`,
      );
    }
    const head = headers();
    head.set('Nats-Expected-Stream', this.#stream);
    for (const [name, value] of Object.entries(extra)) head.set(name, value);
    return this.publisher.publish(this.#subject(key), data, head);
  }

  #subject(key: string): string {
    if (!KEY.test(key)) throw badKey(key);
    return this.#root + key;
  }
}

function isDeletion(stored: StoredMessage): boolean {
  return stored.operation !== undefined && DELETED.has(stored.operation);
}

function toBytes(value: Uint8Array | string): Uint8Array {
  return typeof value === 'string' ? new TextEncoder().encode(value) : value;
}

function badKey(key: string): MeshError {
  return new MeshError('REQUEST_INVALID', 'A key is made of tokens of A–Z a–z 0–9 _ - with dots between.', {
    details: { keyLength: key.length },
  });
}
