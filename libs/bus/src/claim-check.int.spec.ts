import { OBJECT_STORES, objectStream } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fixture, startFixture, TENANT } from './bus.fixture.js';
import { ClaimStore } from './claim-check.js';
import { Connection } from './connection.js';
import { Publisher } from './publisher.js';

const { name: STORE, ttlMs, freshMs } = OBJECT_STORES.artifacts;
const STREAM = objectStream(STORE);
const BODY_BYTES = 262_144;
/** So many bodies have room at a time. */
const ROOM = 8;
/** A second here is three quarters of an hour. */
const TIMES_FASTER = 2_700;
const KEPT_MS = ttlMs / TIMES_FASTER;
const FRESH_MS = freshMs / TIMES_FASTER;
/** Most of a day. */
const PATIENCE_MS = 20_000;

describe('bodies of work in a small store', () => {
  let fixture: Fixture;
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    fixture = await startFixture();
    const keptNanos = KEPT_MS * 1_000_000;
    const change = { max_bytes: ROOM * (BODY_BYTES + 1_024), max_age: keptNanos, duplicate_window: keptNanos };
    await (await fixture.admin()).streams.update(STREAM, change);
  });
  afterAll(async () => {
    await Promise.all(closing.map((close) => close()));
    await fixture.stop();
  });

  /** A process of its own. */
  async function store(): Promise<ClaimStore> {
    const { mesh, log } = fixture;
    const options = { service: 'router', account: 'CORE', url: mesh.url, keys: fixture.keys('router'), logger: log };
    const connection = await Connection.open(options as Parameters<typeof Connection.open>[0]);
    const publisher = new Publisher(connection);
    closing.push(async () => {
      publisher.close();
      await connection.nc.close();
    });
    return new ClaimStore(connection, publisher, { name: STORE, freshMs: FRESH_MS });
  }
  const body = (name: string): Buffer => Buffer.from(JSON.stringify(name.padEnd(BODY_BYTES - 2, '.')));
  const claimed = async (claims: ClaimStore, claim: Uint8Array): Promise<string> => {
    const value = await claims.resolve(TENANT, JSON.parse(Buffer.from(claim).toString()));
    return String(value).replace(/\.+$/, '');
  };
  const storedBytes = async (): Promise<number> => (await (await fixture.admin()).streams.info(STREAM)).state.bytes;
  const isEmpty = (): Promise<unknown> =>
    waitFor(async () => (await storedBytes()) === 0, { timeoutMs: PATIENCE_MS, what: 'the store to be empty' });

  it('make room for six times as many within a day, and what is too much at once is refused', async () => {
    const claims = await store();
    let refused = 0;
    for (let n = 0; n < 6 * ROOM; n++) {
      const claim = await waitFor(
        () =>
          claims.put(TENANT, body(`prompt ${n}`)).catch((error: unknown) => {
            expect(MeshError.from(error).code).toBe('OVERLOADED');
            refused++;
            return false as const;
          }),
        { timeoutMs: PATIENCE_MS, what: `room for ${n}` },
      );
      expect(await claimed(claims, claim)).toBe(`prompt ${n}`);
    }
    expect(refused).toBeGreaterThan(0);
    await isEmpty();
  });

  it('hold what is sent again, by whoever, when the first copy is gone or about to go', async () => {
    const [first, second] = [await store(), await store()];
    await first.put(TENANT, body('again'));
    const bytes = await storedBytes();
    // At once it is known, to both of them.
    await first.put(TENANT, body('again'));
    await second.put(TENANT, body('again'));
    expect(await storedBytes()).toBe(bytes);
    // Later, though it is still there, it is stored for as long as the first time.
    const writtenAt = performance.now();
    await waitFor(() => performance.now() - writtenAt > FRESH_MS, { what: 'it to be old' });
    await second.put(TENANT, body('again'));
    expect(await storedBytes()).toBeGreaterThan(bytes);
    await isEmpty();
    // Whoever put it once must not believe for ever that it is there.
    expect(await claimed(second, await first.put(TENANT, body('again')))).toBe('again');
  });
});
