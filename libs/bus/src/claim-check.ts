import { createHash, randomBytes } from 'node:crypto';
import { ClaimV1, OBJECT_STORES, ObjectHead, type ObjectStoreSpec, objectStream } from '@signalbox/contracts';
import { MeshError, parseJson, sha256Hex, validate } from '@signalbox/kernel';
import { headers } from '@nats-io/transport-node';
import type { Connection } from './connection.js';
import { decodeFrame } from './frame.js';
import { askApi, lastOnSubject, nextOnSubject } from './js-api.js';
import { LIMITS } from './limits.js';
import type { Publisher } from './publisher.js';

/** Where large bodies go; null where this service may not use the store. Those of journals must live as long as they do. */
export interface Claims {
  work: ClaimStore | null;
  journals: ClaimStore | null;
}

/** Large bodies in an object store, named by their owner (a tenant, or a run of it: `<tenant>/<run>`) and content. */
export class ClaimStore {
  readonly #stream: string;
  /** When each was written, as far as it is known here, ms since 1970. */
  readonly #known = new Map<string, number>();

  constructor(
    private readonly connection: Connection,
    private readonly publisher: Publisher,
    private readonly spec: Pick<ObjectStoreSpec, 'name' | 'freshMs'>,
  ) {
    this.#stream = objectStream(spec.name);
  }

  /** Null where this service may not use the store. */
  static of(store: keyof typeof OBJECT_STORES, connection: Connection, publisher: Publisher): ClaimStore | null {
    const spec: ObjectStoreSpec = OBJECT_STORES[store];
    const { account, service } = connection.options;
    const may = account === 'CORE' && spec.users.includes(service);
    return may ? new ClaimStore(connection, publisher, spec) : null;
  }

  /** Stores the bytes and gives what travels in their place. PAYLOAD_TOO_LARGE above `claimBytesMax`. */
  async put(owner: string, bytes: Uint8Array): Promise<Uint8Array> {
    if (bytes.length > LIMITS.claimBytesMax) {
      throw new MeshError(
        'PAYLOAD_TOO_LARGE',
        `A body of ${bytes.length} bytes is above the limit of ${LIMITS.claimBytesMax}.`,
      );
    }
    const sha256 = sha256Hex(bytes);
    const name = `${owner}/${sha256}`;
    if (!this.#isFresh(this.#known.get(name) ?? (await this.#writtenAt(name)))) await this.#write(name, bytes);
    return Buffer.from(JSON.stringify({ $claim: { name, sha256, bytes: bytes.length } } satisfies ClaimV1));
  }

  /** The JSON value itself, or, where it is a claim, the value it stands for. */
  async resolve(owner: string, value: unknown): Promise<unknown> {
    if (!isClaim(value)) return value;
    const { name, sha256, bytes } = validate(ClaimV1, value).$claim;
    // Journals of release 0.1 name the tenant alone, and so do those that it is still to read.
    const [tenant] = owner.split('/');
    if (name !== `${owner}/${sha256}` && name !== `${tenant}/${sha256}`)
      throw new MeshError('SEAL_INVALID', 'A claim names an object of another owner or content.');
    const content = await this.#read(name);
    if (content.length !== bytes || sha256Hex(content) !== sha256) {
      throw new MeshError('SEAL_INVALID', 'A claimed object is not what its claim says.', { details: { name } });
    }
    return parseJson(content);
  }

  /** Takes an object out for good, its content first: what is interrupted is found again. Only the archivist may. */
  async remove(name: string): Promise<void> {
    const head = await this.#head(name);
    if (head === null) return;
    this.#known.delete(name);
    for (const filter of [`$O.${this.spec.name}.C.${head.nuid}`, this.#headSubject(name)])
      await askApi(this.connection, `$JS.API.STREAM.PURGE.${this.#stream}`, { filter });
  }

  async #head(name: string): Promise<ObjectHead | null> {
    const stored = await lastOnSubject(this.connection, this.#stream, this.#headSubject(name));
    return stored === null ? null : validate(ObjectHead, parseJson(stored.data), 'INTERNAL');
  }

  #isFresh(writtenAt: number | null): boolean {
    return writtenAt !== null && Date.now() - writtenAt < this.spec.freshMs;
  }

  async #writtenAt(name: string): Promise<number | null> {
    const head = await this.#head(name);
    if (head === null) return null;
    const writtenAt = Date.parse(head.mtime);
    this.#remember(name, writtenAt);
    return writtenAt;
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const nuid = randomBytes(11).toString('hex');
    const writtenAt = Date.now();
    const chunks: Promise<unknown>[] = [];
    for (let at = 0; at < bytes.length; at += LIMITS.claimChunkBytes) {
      chunks.push(
        this.#store(`$O.${this.spec.name}.C.${nuid}`, bytes.subarray(at, at + LIMITS.claimChunkBytes), `${nuid}:${at}`),
      );
    }
    await Promise.all(chunks);
    const digest = `SHA-256=${padded(createHash('sha256').update(bytes).digest())}`;
    const head = {
      bucket: this.spec.name,
      name,
      nuid,
      size: bytes.length,
      chunks: chunks.length,
      digest,
      mtime: new Date(writtenAt).toISOString(),
    };
    await this.#store(this.#headSubject(name), Buffer.from(JSON.stringify(head)), nuid);
    this.#remember(name, writtenAt);
  }

  async #store(subject: string, data: Uint8Array, id: string): Promise<void> {
    const head = headers();
    head.set('Nats-Msg-Id', id);
    head.set('Nats-Expected-Stream', this.#stream);
    await this.publisher.publish(subject, data, head);
  }

  async #read(name: string): Promise<Uint8Array> {
    const head = await this.#head(name);
    if (head === null || head.size > LIMITS.claimBytesMax) throw missing(name);
    const parts: Uint8Array[] = [];
    for (let fromSeq = 1, size = 0; size < head.size;) {
      const chunk = await nextOnSubject(this.connection, this.#stream, `$O.${this.spec.name}.C.${head.nuid}`, fromSeq);
      if (chunk === null || chunk.data.length === 0) throw missing(name);
      parts.push(chunk.data);
      size += chunk.data.length;
      fromSeq = chunk.seq + 1;
    }
    return Buffer.concat(parts);
  }

  #headSubject(name: string): string {
    return `$O.${this.spec.name}.M.${padded(Buffer.from(name))}`;
  }

  #remember(name: string, writtenAt: number): void {
    // The last that was written is forgotten last.
    this.#known.delete(name);
    this.#known.set(name, writtenAt);
    const [oldest] = this.#known.keys();
    if (this.#known.size > LIMITS.claimsRemembered && oldest !== undefined) this.#known.delete(oldest);
  }
}

export function isClaim(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$claim' in value;
}

/** The object that a stored entry's body lies in; null where it travels in the entry. */
export function claimOf(bytes: Uint8Array): string | null {
  const value = parseJson(decodeFrame(bytes).json);
  return isClaim(value) ? validate(ClaimV1, value).$claim.name : null;
}

/** Base64url with padding, as object stores name things. */
function padded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

function missing(name: string): MeshError {
  return new MeshError('NOT_FOUND', 'A claimed object is gone.', { details: { name } });
}

export function claimStores(connection: Connection, publisher: Publisher): Claims {
  return {
    work: ClaimStore.of('artifacts', connection, publisher),
    journals: ClaimStore.of('journals', connection, publisher),
  };
}
