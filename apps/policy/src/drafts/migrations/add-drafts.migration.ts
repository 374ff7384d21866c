import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Drafts of changes, tests of policies, how changes are reviewed, and who made which bundle. */
export class AddDrafts1797400000000 implements MigrationInterface {
  readonly name = 'AddDrafts1797400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tests (
        tenant text not null references tenants (id),
        id text not null,
        definition jsonb not null,
        revision integer not null,
        updated_at timestamptz not null,
        primary key (tenant, id)
      )`);
    await runner.query(`
      create table reviews (
        tenant text primary key references tenants (id),
        definition jsonb not null,
        revision integer not null,
        updated_at timestamptz not null
      )`);
    await runner.query(`
      create table drafts (
        tenant text not null references tenants (id),
        id text not null,
        title text not null,
        state text not null,
        authors jsonb not null,
        base_version integer not null,
        changes jsonb not null,
        approvals jsonb not null,
        revision integer not null,
        published_version integer,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (tenant, id)
      )`);
    await runner.query(`alter table bundles add column author text not null default ''`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table bundles drop column author');
    for (const table of ['drafts', 'reviews', 'tests']) await runner.query(`drop table ${table}`);
  }
}
