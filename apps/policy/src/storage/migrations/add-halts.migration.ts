import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Kill switches of tenants. */
export class AddHalts1795500000000 implements MigrationInterface {
  readonly name = 'AddHalts1795500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table halts (
        tenant text not null references tenants (id),
        id text not null,
        definition jsonb not null,
        revision integer not null,
        updated_at timestamptz not null,
        primary key (tenant, id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table halts');
  }
}
