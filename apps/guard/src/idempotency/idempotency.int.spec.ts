import { createLogger } from '@signalbox/telemetry';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GuardConfig } from '../config.js';
import { GuardWorld, TENANT } from '../guard.fixture.js';
import { makeDatabase } from '../storage/database.module.js';
import { PostgresIdempotencyAdapter } from './adapters/postgres-idempotency.adapter.js';
import { SweeperService } from './sweeper.service.js';

let world: GuardWorld;

beforeAll(async () => {
  world = await GuardWorld.start();
  await world.startGuard();
  await world.startGuard();
});
afterAll(() => world.stop());

const keyed = (idempotencyKey: string, content = 'Book a table.', change = {}) =>
  world.request(content, { idempotencyKey, ...change });

describe('an idempotency key', () => {
  it('is one run however many ask at once, and keeps nothing of the request', async () => {
    const requests = Array.from({ length: 12 }, () => keyed('once', 'Book for ann@example.com.'));
    const reserved = await Promise.all(requests.map((request) => world.reserve(request)));
    const runs = await Promise.all(requests.map((request) => world.send(request)));
    await world.settled();
    expect(new Set([...reserved, ...runs].map(({ runId }) => runId)).size).toBe(1);
    expect(reserved.every(({ checked }) => checked)).toBe(true);
    expect(await world.journal(runs[0]!)).toEqual(['run.accepted.v1']);
    const [row, ...more] = await world.sql('select * from idempotency_keys where run_id = $1', [runs[0]!.runId]);
    expect(more).toEqual([]);
    expect(row).toMatchObject({ tenant: TENANT, started_at: expect.any(Date) as Date });
    expect(JSON.stringify(row)).not.toMatch(/ann|once|Book/);
  });

  it('is refused for another request, and for the same words in another conversation or under other limits', async () => {
    const run = await world.send(keyed('twice'));
    await world.settled();
    const others = [
      keyed('twice', 'Book two tables.'),
      keyed('twice', 'Book a table.', { session: 'other' }),
      keyed('twice', 'Book a table.', { limits: { stepsMax: 1 } }),
      keyed('twice', 'Book a table.', { profile: { names: ['Ann'] } }),
    ];
    for (const other of others)
      await expect(world.reserve(other)).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH', httpStatus: 422 });
    // Sent without asking, it becomes a dead letter and begins nothing.
    const strays = await Promise.all(others.map((other) => world.send(other)));
    await world.settled();
    for (const stray of strays.filter(({ runId }) => runId !== run.runId))
      expect(await world.journal(stray)).toEqual([]);
    expect(await world.journal(run)).toEqual(['run.accepted.v1']);
    // How the answer is to come is no part of what is asked.
    expect(await world.reserve(keyed('twice', 'Book a table.', { stream: true }))).toEqual({
      runId: run.runId,
      checked: true,
    });
  });

  it('begins a run that was promised and never sent before', async () => {
    const { runId } = await world.reserve(keyed('late'));
    expect(await world.journal({ tenant: TENANT, runId })).toEqual([]);
    const run = await world.send(keyed('late'));
    await world.settled();
    expect(run.runId).toBe(runId);
    expect(await world.journal(run)).toEqual(['run.accepted.v1']);
  });

  it('goes unchecked while its store is away, and still is one run', async () => {
    const lonely = await GuardWorld.start();
    try {
      await lonely.startGuard({ pgUrl: 'postgres://nobody@127.0.0.1:1/none', idempotencyWaitMs: 200 });
      const ask = (content: string) => lonely.request(content, { idempotencyKey: 'dark' });
      const { runId, checked } = await lonely.reserve(ask('Book a table.'));
      expect(checked).toBe(false);
      const run = await lonely.send(ask('Book a table.'));
      await lonely.send(ask('Book a table.'));
      await lonely.settled();
      expect(run.runId).toBe(runId);
      expect(await lonely.journal(run)).toEqual(['run.accepted.v1']);
      // The journal remembers what was asked as well.
      await expect(lonely.reserve(ask('Book two.'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
    } finally {
      await lonely.stop();
    }
  });

  it('begins no second run when the broker has forgotten the request and the journal', async () => {
    const run = await world.send(keyed('lost'));
    await world.settled();
    await world.loseBroker();
    expect(await world.journal(run)).toEqual([]);
    const answered = () => world.reserve(keyed('lost')).catch(() => false as const);
    const again = await waitFor(answered, { timeoutMs: 30_000, what: 'a guard to be back' });
    expect(again).toEqual({ runId: run.runId, checked: true });
    await world.send(keyed('lost'));
    const fresh = await world.send(keyed('found'));
    await world.settled();
    expect(await world.journal(fresh)).toEqual(['run.accepted.v1']);
    expect(await world.journal(run)).toEqual([]);
    await expect(world.reserve(keyed('lost', 'Something else.'))).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
  });
});

describe('the sweeper', () => {
  it('forgets in batches what is over, and nothing else', async () => {
    const logger = createLogger({ service: 'guard', level: 'fatal' });
    const config = { pgUrl: world.pgUrl, idempotencyWaitMs: 10_000 } as GuardConfig;
    const database = makeDatabase(config, logger);
    const adapter = new PostgresIdempotencyAdapter(database, config);
    const kept = await world.reserve(keyed('kept'));
    await world.sql(
      `insert into idempotency_keys (tenant, request_id, fingerprint, run_id, expires_at)
       select 'swept', 'req_' || n, 'f', 'r', now() - interval '1 second' from generate_series(1, 2500) n`,
    );
    const sweepers = [new SweeperService(adapter, logger), new SweeperService(adapter, logger)];
    const gone = await Promise.all(sweepers.map((sweeper) => sweeper.sweep()));
    expect(gone[0]! + gone[1]!).toBe(2_500);
    expect(await world.sql('select 1 from idempotency_keys where run_id = $1', [kept.runId])).toHaveLength(1);
    await database.close();
  });
});
