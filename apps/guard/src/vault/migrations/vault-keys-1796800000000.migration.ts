import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Keys of tenants and subjects. Rows of before keep a null `subject_key`: the guard encrypts them anew, since only it
 * can read them.
 */
export class VaultKeys1796800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table vault_tenant_keys (
        tenant text not null,
        id text not null,
        root text not null,
        wrapped text not null,
        is_current boolean not null,
        created_at timestamptz not null default now(),
        primary key (tenant, id)
      )`);
    await runner.query(`create unique index on vault_tenant_keys (tenant) where is_current`);
    await runner.query(`
      create table vault_subject_keys (
        tenant text not null,
        id text not null,
        subject text not null,
        tenant_key text,
        wrapped text,
        created_at timestamptz not null default now(),
        erased_at timestamptz,
        primary key (tenant, id),
        foreign key (tenant, tenant_key) references vault_tenant_keys (tenant, id)
      )`);
    await runner.query(`create unique index on vault_subject_keys (tenant, subject) where erased_at is null`);
    await runner.query(`create index on vault_subject_keys (tenant, tenant_key) where erased_at is null`);
    await runner.query(`alter table vault add column subject text not null default '', add column subject_key text`);
    await runner.query('alter table vault drop constraint vault_pkey, add primary key (tenant, token, subject)');
    await runner.query('create index vault_unkeyed on vault (tenant) where subject_key is null');
    await runner.query('create index on vault (tenant, subject_key)');
  }

  /** What was written since can only be read with the keys that go with it. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('delete from vault where subject_key is not null');
    await runner.query(`alter table vault drop constraint vault_pkey, drop column subject, drop column subject_key`);
    await runner.query('alter table vault add primary key (tenant, token)');
    await runner.query('drop table vault_subject_keys');
    await runner.query('drop table vault_tenant_keys');
  }
}
