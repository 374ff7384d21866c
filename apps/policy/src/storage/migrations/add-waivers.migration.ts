import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rules of the mesh itself that tenants waive. */
export class AddWaivers1797300000000 implements MigrationInterface {
  readonly name = 'AddWaivers1797300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table waivers (
        tenant text not null references tenants (id),
        id text not null,
        definition jsonb not null,
        revision integer not null,
        updated_at timestamptz not null,
        primary key (tenant, id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table waivers');
  }
}
