import { OBJECT_STORES, partitionStream, STREAMS } from '@signalbox/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decision, type Fixture, newRun, startFixture, TENANT, timerFired } from './bus.fixture.js';
import { ClaimStore } from './claim-check.js';
import { Connection } from './connection.js';
import { Publisher } from './publisher.js';

const RUN = newRun('moved');
/** It holds nothing before. */
const OTHER = STREAMS.find(({ name }) => name === 'AUDIT')!.name;

/** Who is acknowledged by a stream of another name has stored where nobody reads. */
describe('a stream of another name that took the subject', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.stop());

  /** While another has the subjects of a stream: what comes of a write, and how much the other holds after it. */
  async function beside(stream: string, write: () => Promise<unknown>): Promise<{ error: unknown; messages: number }> {
    const { streams } = await fixture.admin();
    const { subjects } = (await streams.info(stream)).config;
    await streams.update(stream, { subjects: ['sb.v1.elsewhere'] });
    await streams.update(OTHER, { subjects });
    const error: unknown = await write().catch((thrown: unknown) => thrown);
    const { state } = await streams.info(OTHER);
    await streams.update(OTHER, { subjects: ['sb.v1.nowhere'] });
    await streams.update(stream, { subjects });
    return { error, messages: state.messages };
  }

  const writes: [what: string, stream: string, write: () => Promise<() => Promise<unknown>>][] = [
    [
      'a fact',
      partitionStream(RUN.partition),
      async () => {
        const { journal } = await fixture.bus('router');
        return () => journal.append(RUN, 'timer.fired.v1', timerFired('t'), { id: 't' });
      },
    ],
    [
      'a decision',
      partitionStream(RUN.partition),
      async () => {
        const { journal } = await fixture.bus('router');
        return () => journal.append(RUN, 'decision.v1', decision('because'), { expectLastSeq: 0 });
      },
    ],
    [
      'a value',
      'KV_sessions',
      async () => {
        const bucket = await (await fixture.bus('memory')).bucket('sessions');
        return () => bucket.put(`${TENANT}.ses`, 'value');
      },
    ],
    [
      'an object',
      `OBJ_${OBJECT_STORES.artifacts.name}`,
      async () => {
        const access = { service: 'router', account: 'CORE', url: fixture.mesh.url } as const;
        const connection = await Connection.open({ ...access, keys: fixture.keys('router'), logger: fixture.log });
        const store = new ClaimStore(connection, new Publisher(connection), OBJECT_STORES.artifacts);
        return async () => {
          try {
            return await store.put(TENANT, Buffer.from('bytes'));
          } finally {
            await connection.nc.close();
          }
        };
      },
    ],
  ];

  it.each(writes)('stores nothing of %s, and whoever wrote it is told', async (_what, stream, prepare) => {
    const { error, messages } = await beside(stream, await prepare());
    expect(error).toMatchObject({ message: expect.stringContaining('expected stream does not match') });
    expect(messages).toBe(0);
  });
});
