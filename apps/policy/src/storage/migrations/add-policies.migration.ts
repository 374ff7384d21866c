import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Cedar policies of tenants. */
export class AddPolicies1796500000000 implements MigrationInterface {
  readonly name = 'AddPolicies1796500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table policies (
        tenant text not null references tenants (id),
        id text not null,
        definition jsonb not null,
        revision integer not null,
        updated_at timestamptz not null,
        primary key (tenant, id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table policies');
  }
}
