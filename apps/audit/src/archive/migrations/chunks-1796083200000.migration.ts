import type { MigrationInterface, QueryRunner } from 'typeorm';

export const ENTRIES_WITH_BODIES = `
  create view entries as
  select partition, incarnation, entry.seq, tenant, run_id, subject,
    substring(bytes from 1 + (select coalesce(sum(size), 0) from unnest(sizes[: entry.at::integer - 1]) as size)::integer
      for sizes[entry.at::integer]) as bytes,
    claimed, cut_in, counts
  from chunks, unnest(seqs) with ordinality as entry (seq, at)`;

/**
 * Entries of a run that come together are one row. `entries` becomes a view of them, an entry a row, for those who look
 * with SQL. What checking an entry found is not kept: it is checked anew whenever it is read.
 */
export class Chunks1796083200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table chunks (
        partition text not null,
        incarnation integer not null,
        batch_seq bigint not null,
        first_seq bigint not null,
        tenant text not null,
        run_id text not null,
        subject text not null,
        seqs bigint[] not null,
        sizes integer[] not null,
        bytes bytea not null,
        claimed json,
        cut_in integer,
        counts boolean not null default true,
        primary key (partition, incarnation, batch_seq, first_seq)
      )`);
    await runner.query(`
      insert into chunks
      select partition, incarnation, seq, seq, tenant, run_id, subject, array[seq], array[length(bytes)], bytes, claimed,
        cut_in, counts
      from entries`);
    await runner.query('drop table entries');
    await runner.query('create index chunks_by_run on chunks (tenant, run_id)');
    await runner.query('create index chunks_cut on chunks (partition, cut_in) where cut_in is not null');
    await runner.query(ENTRIES_WITH_BODIES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter view entries rename to unpacked');
    await runner.query(`
      create table entries as
      select *, 'unchecked'::text as seal, null::text as fault_code, null::text as fault from unpacked`);
    await runner.query('drop view unpacked');
    await runner.query('drop table chunks');
    await runner.query(`
      alter table entries
        add primary key (partition, incarnation, seq),
        alter column tenant set not null,
        alter column run_id set not null,
        alter column subject set not null,
        alter column bytes set not null,
        alter column seal set not null,
        alter column counts set default true,
        alter column counts set not null`);
    await runner.query('create index entries_by_run on entries (tenant, run_id, seq)');
    await runner.query('create index entries_cut on entries (partition, cut_in) where cut_in is not null');
  }
}
