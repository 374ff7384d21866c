import { MeshError } from '@signalbox/kernel';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { unpackSegment } from '../adapters/segments.js';
import { ENTRIES_WITH_BODIES } from './chunks-1796083200000.migration.js';

/**
 * Bodies of neighbours are compressed together; chunks of before keep theirs. `entries` tells which entries there are:
 * their bodies are not for SQL any more.
 */
export class Segments1796990000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table segments (
        partition text not null,
        incarnation integer not null,
        batch_seq bigint not null,
        part integer not null,
        bytes bytea not null,
        primary key (partition, incarnation, batch_seq, part)
      )`);
    // They are compressed already.
    await runner.query('alter table segments alter column bytes set storage external');
    await runner.query('drop view entries');
    await runner.query(`
      alter table chunks
        alter column bytes drop not null,
        add column part integer,
        add column start integer,
        add constraint chunks_hold_bytes check (num_nulls(part, start) = case when bytes is null then 0 else 2 end)`);
    await runner.query(`
      create view entries as
      select partition, incarnation, entry.seq, tenant, run_id, subject, sizes[entry.at] as size, claimed, cut_in, counts
      from chunks, unnest(seqs) with ordinality as entry (seq, at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop view entries');
    await unpackAll(runner);
    await runner.query(`
      alter table chunks
        drop constraint chunks_hold_bytes,
        drop column part,
        drop column start,
        alter column bytes set not null`);
    await runner.query('drop table segments');
    await runner.query(ENTRIES_WITH_BODIES);
  }
}

const PAGE = 100;

async function unpackAll(runner: QueryRunner): Promise<void> {
  let after: [string, number, string, number] = ['', 0, '0', 0];
  for (;;) {
    const page = (await runner.query(
      `select partition, incarnation, batch_seq, part, bytes from segments
       where (partition, incarnation, batch_seq, part) > ($1, $2::integer, $3::bigint, $4::integer)
       order by partition, incarnation, batch_seq, part limit ${PAGE}`,
      after,
    )) as { partition: string; incarnation: number; batch_seq: string; part: number; bytes: Buffer }[];
    for (const { partition, incarnation, batch_seq: batchSeq, part, bytes } of page) {
      after = [partition, incarnation, batchSeq, part];
      const unpacked = unpackSegment(bytes);
      // It would be thrown away with its table.
      if (unpacked === null) throw new MeshError('INTERNAL', `The segment ${after.join('/')} cannot be unpacked.`);
      await runner.query(
        `update chunks set part = null, start = null,
           bytes = substring($5::bytea from start + 1 for (select sum(size) from unnest(sizes) as size)::integer)
         where partition = $1 and incarnation = $2 and batch_seq = $3 and part = $4`,
        [...after, unpacked],
      );
    }
    if (page.length < PAGE) return;
  }
}
