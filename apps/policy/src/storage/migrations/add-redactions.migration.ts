import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Redaction rules of tenants, and the patterns of their own classes. */
export class AddRedactions1796700000000 implements MigrationInterface {
  readonly name = 'AddRedactions1796700000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['redactions', 'patterns'])
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
    await runner.query('drop table patterns');
    await runner.query('drop table redactions');
  }
}
