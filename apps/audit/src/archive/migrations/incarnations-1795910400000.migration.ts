import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Entries are known by the incarnation of their stream too: one that came back shorter gives sequences a second time. */
export class Incarnations1795910400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table entries
        add column incarnation integer not null default 0,
        -- The incarnation in whose stream it is no longer.
        add column cut_in integer,
        -- False: what its run came to has been decided anew without it.
        add column counts boolean not null default true,
        drop constraint entries_pkey,
        add primary key (partition, incarnation, seq)`);
    await runner.query('create index entries_cut on entries (partition, cut_in) where cut_in is not null');
    await runner.query(`
      alter table checkpoints
        add column incarnation integer not null default 0,
        -- Entries below are still to be brought back.
        add column rebuilding boolean not null default false`);
    await runner.query(`
      create table incarnations (
        partition text not null,
        incarnation integer not null,
        cut_seq bigint not null,
        lost integer not null,
        opened_at bigint not null,
        done_at bigint,
        primary key (partition, incarnation)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table incarnations');
    await runner.query('alter table checkpoints drop column rebuilding, drop column incarnation');
    await runner.query('drop index entries_cut');
    await runner.query('delete from entries where incarnation > 0');
    await runner.query(`
      alter table entries
        drop constraint entries_pkey,
        drop column counts,
        drop column cut_in,
        drop column incarnation,
        add primary key (partition, seq)`);
  }
}
