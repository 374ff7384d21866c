import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Quotas of tenants, who approves for whom, and where data may go. */
export class AddQuotas1797100000000 implements MigrationInterface {
  readonly name = 'AddQuotas1797100000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['quotas', 'delegations', 'residencies'])
      await runner.query(`
        create table ${table} (
          tenant text not null references tenants (id),
          id text not null,
          definition jsonb not null,
          revision integer not null,
          updated_at timestamptz not null,
          primary key (tenant, id)
        )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['residencies', 'delegations', 'quotas']) await runner.query(`drop table ${table}`);
  }
}
