import type { RunRef } from '@signalbox/bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT, World } from './audit.fixture.js';

interface Row {
  seq: number;
  bytes: Buffer;
}

describe('the questions to the archive', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    await world.startAudit();
  });
  afterAll(() => world.stop());

  const ids = (runs: readonly { runId: string }[]): string[] => runs.map(({ runId }) => runId);
  const list = async (query: string): Promise<{ runIds: string[]; next: string | null }> => {
    const { status, body } = await world.ask(`${TENANT}/runs?${query}`);
    expect(status).toBe(200);
    return { runIds: (body.data as { runId: string }[]).map(({ runId }) => runId), next: body.next as string | null };
  };

  describe('lists', () => {
    let runs: RunRef[];
    beforeAll(async () => {
      // Three of them in the same millisecond.
      const plans = [
        { acceptedAt: 1_000, userId: 'jane', agent: 'clerk', costNanoUsd: 1 },
        { acceptedAt: 2_000, userId: 'jane', agent: 'smith', costNanoUsd: 20 },
        { acceptedAt: 2_000, userId: 'john', agent: 'clerk', costNanoUsd: 300 },
        { acceptedAt: 2_000, userId: 'john', agent: 'clerk', costNanoUsd: 4_000 },
        { acceptedAt: 3_000, userId: 'john', agent: 'clerk', costNanoUsd: 50_000 },
      ];
      runs = [];
      for (const plan of plans) runs.push(await world.complete(plan));
      for (const run of runs) await world.caughtUp(run);
    });

    it('are newest first, in pages that leave out nothing', async () => {
      const all = await list('limit=500');
      expect(all.next).toBeNull();
      const sameMoment = ids(runs.slice(1, 4)).toSorted().toReversed();
      expect(all.runIds).toEqual([runs[4]!.runId, ...sameMoment, runs[0]!.runId]);
      const found: string[] = [];
      for (let next: string | null = ''; next !== null;) {
        const page: { runIds: string[]; next: string | null } = await list(
          `limit=2${next === '' ? '' : `&after=${next}`}`,
        );
        found.push(...page.runIds);
        next = page.next;
      }
      expect(found).toEqual(all.runIds);
    });

    it('can be narrowed', async () => {
      expect((await list('user=jane')).runIds).toEqual([runs[1]!.runId, runs[0]!.runId]);
      expect((await list('agent=smith')).runIds).toEqual([runs[1]!.runId]);
      expect((await list('before=2000')).runIds).toEqual([runs[0]!.runId]);
      expect((await list('user=john&agent=clerk&limit=1')).runIds).toEqual([runs[4]!.runId]);
      expect((await list('status=failed')).runIds).toEqual([]);
      expect((await list('status=completed&before=3000')).runIds).toHaveLength(4);
      const { next } = await list('limit=2');
      expect((await list(`before=2000&after=${next}`)).runIds).toEqual([runs[0]!.runId]);
    });

    it('show nothing of another tenant', async () => {
      expect((await world.ask('globex/runs')).body.data).toEqual([]);
      expect((await world.ask(`globex/runs/${runs[0]!.runId}`)).status).toBe(404);
      expect((await world.ask(`globex/runs/${runs[0]!.runId}/verify`)).status).toBe(404);
    });

    it('sum up what was paid, dearest first', async () => {
      const cost = async (query: string): Promise<unknown> => (await world.ask(`${TENANT}/cost?${query}`)).body.data;
      expect(await cost('by=user')).toEqual([
        { key: 'john', runs: 3, inputTokens: 30, outputTokens: 15, costNanoUsd: 54_300 },
        { key: 'jane', runs: 2, inputTokens: 20, outputTokens: 10, costNanoUsd: 21 },
      ]);
      expect(await cost('')).toMatchObject([
        { key: 'clerk', runs: 4, costNanoUsd: 54_301 },
        { key: 'smith', runs: 1, costNanoUsd: 20 },
      ]);
      expect(await cost('by=model&since=2000')).toMatchObject([
        { key: 'model-of-clerk', runs: 3, costNanoUsd: 54_300 },
        { key: 'model-of-smith', runs: 1, costNanoUsd: 20 },
      ]);
      expect(await cost('by=tenant')).toMatchObject([{ key: TENANT, runs: 5, costNanoUsd: 54_321 }]);
      expect(await cost('since=4000')).toEqual([]);
    });

    it('verify page by page', async () => {
      const all = await world.ask(`${TENANT}/verify`);
      expect(all.body.next).toBeNull();
      expect((all.body.data as { runId: string; ok: boolean }[]).map(({ runId, ok }) => [runId, ok])).toEqual(
        ids(runs)
          .toSorted()
          .map((runId) => [runId, true]),
      );
      const { body } = await world.ask(`${TENANT}/verify?limit=2`);
      expect(body.next).toBe(ids(runs).toSorted()[1]);
      const rest = await world.ask(`${TENANT}/verify?limit=3&after=${body.next}`);
      expect(rest.body).toMatchObject({ next: null });
      expect(rest.body.data).toHaveLength(3);
    });
  });

  describe('who may ask, and what', () => {
    it.each([
      ['no token', '', 'KEY_MISSING'],
      ['another scheme', 'Basic YTpi', 'KEY_MISSING'],
      ['a wrong token', 'Bearer wrong', 'KEY_INVALID'],
    ])('refuses %s', async (_what, authorization, code) => {
      for (const path of ['runs', 'cost', 'verify', 'runs/x', 'runs/x/verify']) {
        const { status, body } = await world.ask(`${TENANT}/${path}`, authorization);
        expect([status, body.title]).toEqual([401, code]);
      }
    });

    it.each([
      'runs?limit=0',
      'runs?limit=501',
      'runs?limit=',
      'runs?limit=1e2',
      'runs?limit=10&limit=20',
      'runs?before=',
      'runs?before=-1',
      'runs?status=done',
      'runs?agent=a.b',
      'runs?user=%00',
      'runs?after=1',
      'runs?after=1.2.3',
      'runs?after=x.run_00_00000000000000000000000000',
      'runs?unknown=1',
      'runs/run_00_short',
      'runs/..%2f..%2fetc',
      'runs/run_99_00000000000000000000000000',
      'runs/run_99_00000000000000000000000000/verify',
      'verify?limit=0',
      'cost?by=region',
      'cost?since=yesterday',
    ])('refuses %s', async (path) => {
      const { status, body } = await world.ask(`${TENANT}/${path}`);
      expect([status, body.title]).toEqual([400, 'REQUEST_INVALID']);
    });

    it('refuses what is no tenant, and knows nothing of what is no run', async () => {
      expect((await world.ask(`A%20B/runs`)).status).toBe(400);
      const unknown = 'runs/run_00_00000000000000000000000000';
      expect((await world.ask(`${TENANT}/${unknown}`)).body.title).toBe('RUN_UNKNOWN');
      expect((await world.ask(`${TENANT}/${unknown}/verify`)).body.title).toBe('RUN_UNKNOWN');
      expect((await world.ask(`${TENANT}/nothing`)).status).toBe(404);
    });
  });

  describe('verification finds', () => {
    /** Entries by place: 0 accepted, 1 and 3 decisions, 2 session, 4 answer, 5 the decision that ends it, 6 saved. */
    const archivedRun = async (output = 'Good day.'): Promise<{ runId: string; rows: Row[] }> => {
      const run = await world.complete({ acceptedAt: 9_000, output });
      await world.caughtUp(run);
      return { runId: run.runId, rows: await world.unpack(run.runId) };
    };
    const verdict = async (runId: string): Promise<string[]> => {
      const { body } = await world.ask(`${TENANT}/runs/${runId}/verify`);
      const [found] = body.data as [{ ok: boolean; faults: string[]; comparedWithBus: boolean }];
      expect(found.comparedWithBus).toBe(true);
      expect(found.ok).toBe(found.faults.length === 0);
      return found.faults;
    };
    const change = (runId: string, { seq }: Row, bytes: string): Promise<void> =>
      world.alter(runId, seq, Buffer.from(bytes));

    it('nothing wrong with what is as it was', async () => {
      expect(await verdict((await archivedRun()).runId)).toEqual([]);
    });

    it.each([
      ['in the middle', 4, 'Good day.', 'Bad day..'],
      ['in the signed beginning', 0, 'Hello.', 'Howdy.'],
      ['in the last decision', 5, 'Good day.', 'Bad day..'],
      ['in the last entry', 6, '"revision":1', '"revision":2'],
    ])('bytes altered %s', async (_where, at, from, to) => {
      const { runId, rows } = await archivedRun();
      const row = rows[at]!;
      const bytes = row.bytes.toString('latin1');
      expect(bytes).toContain(from);
      await change(runId, row, bytes.replace(from, to));
      expect(await verdict(runId)).toContain(`entry ${row.seq}: is not as in the journal on the bus`);
    });

    it('altered bytes by the hash chain alone, for when the bus has forgotten', async () => {
      const { runId, rows } = await archivedRun();
      const row = rows[4]!;
      const bytes = row.bytes.toString('latin1').replace('Good day.', 'Bad day..');
      await change(runId, row, bytes);
      expect(await verdict(runId)).toContain(
        `entry ${rows[5]!.seq}: a decision that does not name the entries before it`,
      );
    });

    it.each([
      ['altered', `replace(claimed::text, 'Good day.', 'Bad day..')::json`],
      ['taken away', 'null'],
    ])('a body that travelled by reference and was %s', async (_how, claimed) => {
      const { runId, rows } = await archivedRun(`Good day. ${'x'.repeat(200_000)}`);
      const row = rows[4]!;
      expect(row.bytes.toString('latin1')).toContain('$claim');
      expect(await verdict(runId)).toEqual([]);
      await world.sql(`update chunks set claimed = ${claimed} where run_id = $1 and first_seq = $2`, [runId, row.seq]);
      expect((await verdict(runId)).join()).toContain(`entry ${row.seq}: `);
      // The story shows nothing that is not what was stored.
      const { body } = await world.ask(`${TENANT}/runs/${runId}`);
      expect(JSON.stringify(body['entries'])).not.toContain('Bad day..');
    });

    it.each([
      ['first', 0],
      ['middle', 2],
      ['last', 6],
    ])('a missing entry, the %s', async (_which, at) => {
      const { runId, rows } = await archivedRun();
      await world.sql('delete from chunks where run_id = $1 and first_seq = $2', [runId, rows[at]!.seq]);
      expect(await verdict(runId)).toContain(
        `entry ${rows[at]!.seq}: is in the journal on the bus and not in the archive`,
      );
    });

    it.each([
      ['altered', `update segments set bytes = '\\x00'`],
      ['taken away', 'delete from segments'],
    ])('a segment that was %s', async (_how, statement) => {
      const run = await world.complete({ acceptedAt: 9_000 });
      await world.caughtUp(run);
      await world.sql(
        `${statement} where (partition, batch_seq) in (select partition, batch_seq from chunks where run_id = $1)`,
        [run.runId],
      );
      const { seq } = (await world.buses.router.journal.first(run))!;
      expect(await verdict(run.runId)).toContain(`entry ${seq}: is not as in the journal on the bus`);
      expect((await world.ask(`${TENANT}/runs/${run.runId}`)).status).toBe(200);
    });

    it('swapped entries', async () => {
      const { runId, rows } = await archivedRun();
      const [one, other] = [rows[2]!, rows[4]!];
      await change(runId, one, other.bytes.toString('latin1'));
      await change(runId, other, one.bytes.toString('latin1'));
      const faults = await verdict(runId);
      expect(faults).toContain(`entry ${rows[3]!.seq}: a decision that does not name the entries before it`);
      expect(faults).toContain(`entry ${one.seq}: is not as in the journal on the bus`);
    });

    it('an entry that was made up', async () => {
      const { runId, rows } = await archivedRun();
      const seq = Number(rows[6]!.seq) + 1_000_000;
      await world.sql(
        `insert into chunks (partition, incarnation, batch_seq, first_seq, tenant, run_id, subject, seqs, sizes, bytes)
         select partition, incarnation, $2::bigint, $2::bigint, tenant, run_id, subject, array[$2::bigint], sizes, bytes
         from chunks where run_id = $1 and first_seq = $3`,
        [runId, seq, rows[6]!.seq],
      );
      expect(await verdict(runId)).toContain(`entry ${seq}: is not in the journal on the bus`);
    });
  });
});
