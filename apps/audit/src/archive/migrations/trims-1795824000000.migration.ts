import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which runs are closed, which of them have left the hot streams, and where their tombstones lie. */
export class Trims1795824000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table runs
        add column closed boolean not null default false,
        -- hot: in its stream; leaving: on its way; trimmed: in the archive alone; kept: its archive does not hold, so it stays.
        add column place text not null default 'hot'`);
    await runner.query('update runs set closed = true where ended_at is not null');
    await runner.query(`create index runs_to_trim on runs (ended_at) where closed and place in ('hot', 'leaving')`);
    await runner.query(`
      create table tombstones (
        tenant text not null,
        run_id text not null,
        seq bigint not null,
        trimmed_at bigint not null,
        primary key (tenant, run_id)
      )`);
    await runner.query('create index tombstones_by_time on tombstones (trimmed_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table tombstones');
    await runner.query('drop index runs_to_trim');
    await runner.query('alter table runs drop column place, drop column closed');
  }
}
