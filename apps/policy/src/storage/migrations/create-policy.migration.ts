import type { MigrationInterface, QueryRunner } from 'typeorm';

const DEFINITION_TABLES = ['agents', 'tools', 'rules', 'models', 'keys'];

/** The first tables. */
export class CreatePolicy1764000000000 implements MigrationInterface {
  readonly name = 'CreatePolicy1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenants (
        id text primary key,
        version integer not null default 0
      )`);
    for (const table of DEFINITION_TABLES) {
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
    await runner.query(`
      create table bundles (
        tenant text not null references tenants (id),
        version integer not null,
        hash text not null,
        key_id text not null,
        signature text not null,
        payload text not null,
        change text not null,
        issued_at timestamptz not null,
        expires_at timestamptz not null,
        delivered_at timestamptz,
        primary key (tenant, version)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['bundles', ...DEFINITION_TABLES, 'tenants']) await runner.query(`drop table ${table}`);
  }
}
