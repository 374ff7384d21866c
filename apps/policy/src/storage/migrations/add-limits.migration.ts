import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Limits of tenants as a whole. */
export class AddLimits1796400000000 implements MigrationInterface {
  readonly name = 'AddLimits1796400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table limits (
        tenant text primary key references tenants (id),
        definition jsonb not null,
        revision integer not null,
        updated_at timestamptz not null
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table limits');
  }
}
