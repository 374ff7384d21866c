import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Standing orders to start runs. */
export class AddSchedules1795600000000 implements MigrationInterface {
  readonly name = 'AddSchedules1795600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table schedules (
        tenant text not null references tenants (id),
        id text not null,
        definition jsonb not null,
        sealed text not null,
        preview jsonb not null,
        revision integer not null,
        updated_at timestamptz not null,
        next_at bigint,
        claimed_until bigint not null default 0,
        run_id text,
        last jsonb,
        started integer not null default 0,
        missed integer not null default 0,
        primary key (tenant, id)
      )`);
    await runner.query('create index schedules_due on schedules (next_at) where next_at is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table schedules');
  }
}
