import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '@signalbox/testing';
import { Bus } from './bus.js';
import { cancelRequested, decision, type Fixture, newRun, startFixture, timerFired } from './bus.fixture.js';

/** Between a bus and its server: can swallow what the server says, so that acks are lost though the message was stored. */
class Wire {
  readonly #pairs = new Set<[Socket, Socket]>();
  readonly #server: Server;
  swallowing = false;

  constructor(port: number) {
    this.#server = createServer((client) => {
      const server = connect(port, '127.0.0.1');
      const pair: [Socket, Socket] = [client, server];
      this.#pairs.add(pair);
      client.on('data', (data) => server.write(data));
      server.on('data', (data) => this.swallowing || client.write(data));
      for (const socket of pair) {
        socket.on('error', () => undefined);
        socket.on('close', () => {
          for (const end of pair) end.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
  }

  async open(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.swallowing = false;
    for (const [client] of this.#pairs) client.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

let fixture: Fixture;
let wire: Wire;
let router: Bus;
let guard: Bus;

beforeAll(async () => {
  fixture = await startFixture();
  wire = new Wire(fixture.mesh.nats.port);
  await wire.open();
  const { mesh, log } = fixture;
  router = await Bus.connect({
    service: 'router',
    account: 'CORE',
    url: wire.url,
    keysDir: mesh.keysDir('router'),
    logger: log,
  });
  guard = await fixture.bus('guard');
});
afterAll(async () => {
  await router.drain(1_000);
  wire.close();
  await fixture.stop();
});

/** Appends through a wire whose acks are lost, calls `meanwhile` once the entry is stored, and lets the wire be mended. */
async function withLostAck<T>(
  run: ReturnType<typeof newRun>,
  append: () => Promise<T>,
  meanwhile = async (): Promise<unknown> => undefined,
): Promise<T> {
  const before = (await guard.journal.read(run)).length;
  wire.swallowing = true;
  const appended = append();
  await waitFor(async () => (await guard.journal.read(run)).length > before, { what: 'the entry to be stored' });
  await meanwhile();
  wire.cut();
  return appended;
}

describe('an ack that is lost', () => {
  it('does not turn a decision that landed into a conflict', async () => {
    const run = newRun();
    const stored = await withLostAck(run, () =>
      router.journal.append(run, 'decision.v1', decision('one'), { expectLastSeq: 0 }),
    );
    const entries = await guard.journal.read(run);
    expect(entries.map(({ seq }) => seq)).toEqual([stored.seq]);
    expect(stored.duplicate).toBe(false);
  });

  it('nor when a fact has come after it', async () => {
    const run = newRun();
    const fact = (): Promise<unknown> =>
      guard.journal.append(run, 'run.cancel-requested.v1', cancelRequested('enough'));
    const stored = await withLostAck(
      run,
      () => router.journal.append(run, 'decision.v1', decision('one'), { expectLastSeq: 0 }),
      fact,
    );
    const entries = await guard.journal.read(run);
    expect(entries.map(({ entry }) => entry?.kind)).toEqual(['decision.v1', 'run.cancel-requested.v1']);
    expect(stored.seq).toBe(entries[0]?.seq);
  });

  it('does not hide a real conflict', async () => {
    const run = newRun();
    wire.swallowing = true;
    const fact = await guard.journal.append(run, 'run.cancel-requested.v1', cancelRequested('enough'));
    const appended = router.journal.append(run, 'decision.v1', decision('one'), { expectLastSeq: 0 });
    const outcome = appended.catch((error: unknown) => error);
    wire.cut();
    expect(await outcome).toMatchObject({ code: 'SEQUENCE_CONFLICT', details: { lastSeq: fact.seq } });
    expect(await guard.journal.read(run)).toHaveLength(1);
  });

  it('does not double a fact, with an id or without', async () => {
    for (const options of [{ id: 'named' }, {}]) {
      const run = newRun();
      const stored = await withLostAck(run, () =>
        router.journal.append(run, 'timer.fired.v1', timerFired('wall'), options),
      );
      expect((await guard.journal.read(run)).map(({ seq }) => seq)).toEqual([stored.seq]);
    }
  });

  it('does not make a compare-and-set of a bucket fail that landed', async () => {
    const bucket = await router.bucket('checkpoints');
    const key = 'partition.00';
    const first = await bucket.create(key, 'one');
    const other = await (await fixture.bus('audit')).bucket('checkpoints');
    wire.swallowing = true;
    const updated = bucket.update(key, 'two', first);
    await waitFor(async () => (await other.get(key))?.revision !== first, { what: 'the update to land' });
    wire.cut();
    expect(await updated).toBe((await other.get(key))?.revision);
  });
});
