import { createDataSource } from '@signalbox/persistence';
import { startPostgres, type TestPostgres } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertChunks, readChunks } from '../adapters/postgres-chunks.js';
import { JournalChunk } from '../entities/journal-chunk.entity.js';
import { Archive1795392000000 } from './archive-1795392000000.migration.js';
import { Chunks1796083200000 } from './chunks-1796083200000.migration.js';
import { ClaimedBodies1795996800000 } from './claimed-bodies-1795996800000.migration.js';
import { EntriesAsWritten1795399200000 } from './entries-as-written-1795399200000.migration.js';
import { Incarnations1795910400000 } from './incarnations-1795910400000.migration.js';
import { Segments1796990000000 } from './segments-1796990000000.migration.js';
import { Trims1795824000000 } from './trims-1795824000000.migration.js';

const BEFORE = [
  Archive1795392000000,
  EntriesAsWritten1795399200000,
  Trims1795824000000,
  Incarnations1795910400000,
  ClaimedBodies1795996800000,
];

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

it('brings archived entries into chunks, and back', async () => {
  const url = await postgres.createSchema();
  const old = await createDataSource({ url, entities: [], migrations: BEFORE }).initialize();
  await old.runMigrations();
  await old.query(`
    insert into entries (partition, incarnation, seq, tenant, run_id, subject, bytes, claimed, seal, cut_in, counts) values
      ('00', 0, 7, 'acme', 'run_a', 's.a', 'seven', null, 'verified', null, true),
      ('00', 0, 9, 'acme', 'run_a', 's.a', 'nine', '{"b":1,"a":2}', 'verified', 1, false),
      ('00', 1, 8, 'acme', 'run_b', 's.b', '', null, 'invalid', null, true)`);
  await old.destroy();
  const now = await createDataSource({ url, entities: [], migrations: [...BEFORE, Chunks1796083200000] }).initialize();
  await now.runMigrations();
  const entries = (): Promise<unknown> =>
    now.query(`
      select incarnation, seq, run_id, convert_from(bytes, 'utf8') as bytes, claimed::text, cut_in, counts
      from entries order by incarnation, seq`);
  const kept = [
    { incarnation: 0, seq: '7', run_id: 'run_a', bytes: 'seven', claimed: null, cut_in: null, counts: true },
    { incarnation: 0, seq: '9', run_id: 'run_a', bytes: 'nine', claimed: '{"b":1,"a":2}', cut_in: 1, counts: false },
    { incarnation: 1, seq: '8', run_id: 'run_b', bytes: '', claimed: null, cut_in: null, counts: true },
  ];
  expect(await entries()).toEqual(kept);
  await now.query(`
    insert into chunks (partition, incarnation, batch_seq, first_seq, tenant, run_id, subject, seqs, sizes, bytes)
    values ('00', 1, 10, 10, 'acme', 'run_b', 's.b', '{10,12,13}', '{3,0,4}', 'ten13th')`);
  expect(((await entries()) as { bytes: string }[]).slice(3).map(({ bytes }) => bytes)).toEqual(['ten', '', '13th']);
  await now.undoLastMigration();
  expect(((await entries()) as unknown[]).slice(0, 3)).toEqual(kept);
  await now.destroy();
});

it('compresses what comes into the archive, beside what is in it, and undoes it', async () => {
  const migrations = [...BEFORE, Chunks1796083200000, Segments1796990000000];
  const url = await postgres.createSchema();
  const old = await createDataSource({ url, entities: [], migrations: migrations.slice(0, -1) }).initialize();
  await old.runMigrations();
  await old.query(`
    insert into chunks (partition, incarnation, batch_seq, first_seq, tenant, run_id, subject, seqs, sizes, bytes)
    values ('00', 0, 1, 1, 'acme', 'run_a', 's.a', '{1,2}', '{3,4}', 'oldolds')`);
  await old.destroy();
  const now = await createDataSource({ url, entities: [JournalChunk], migrations }).initialize();
  await now.runMigrations();
  const chunk = (runId: string, from: number, ...bodies: string[]) => ({
    ...{ tenant: 'acme', runId, subject: `s.${runId}`, claimed: null },
    ...{ seqs: bodies.map((_, at) => from + at), bodies: bodies.map((body) => Buffer.from(body)) },
  });
  const chunks = [chunk('run_b', 3, 'b'), chunk('run_a', 4, 'new', 'newer')];
  const place = { partition: '00', incarnation: 0, afterSeq: 2, lastSeq: 5, runs: [] };
  await insertChunks(now.manager, { ...place, chunks });
  const bodies = async (runId: string): Promise<string[]> =>
    (await readChunks(now.manager, { partition: '00', tenant: 'acme', runId })).map(
      ({ seq, bytes }) => `${seq} ${String(bytes)}`,
    );
  expect(await bodies('run_a')).toEqual(['1 old', '2 olds', '4 new', '5 newer']);
  expect(await bodies('run_b')).toEqual(['3 b']);
  const sizes = await now.query(`select seq, size from entries where run_id = 'run_a' order by seq`);
  expect(sizes).toEqual([1, 2, 4, 5].map((seq, at) => ({ seq: String(seq), size: [3, 4, 3, 5][at] })));

  const segment = (await now.query('select bytes from segments')) as [{ bytes: Buffer }];
  await now.query(`update segments set bytes = ''`);
  await expect(now.undoLastMigration()).rejects.toThrow('The segment 00/0/3/0 cannot be unpacked.');
  await now.query('update segments set bytes = $1', [segment[0].bytes]);
  await now.undoLastMigration();
  const unpacked = `select seq, convert_from(bytes, 'utf8') as bytes from entries order by seq`;
  expect(((await now.query(unpacked)) as { bytes: string }[]).map(({ bytes }) => bytes)).toEqual([
    ...['old', 'olds', 'b', 'new', 'newer'],
  ]);
  await now.destroy();
});
