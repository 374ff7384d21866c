import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may call the admin APIs beside the owner, and the answers kept for requests that are sent again. */
export class AddCallers1797500000000 implements MigrationInterface {
  readonly name = 'AddCallers1797500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table admin_keys (
        id text primary key,
        name text not null,
        grants jsonb not null,
        digest text not null unique,
        previous_digest text unique,
        previous_until timestamptz,
        created_by text not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        last_used_at timestamptz,
        revision integer not null
      )`);
    await runner.query(`
      create table users (
        id text primary key,
        issuer text not null,
        subject text not null,
        email text,
        grants jsonb not null,
        disabled boolean not null,
        updated_at timestamptz not null,
        revision integer not null
      )`);
    await runner.query(`
      create table kept_answers (
        principal text not null,
        key_digest text not null,
        fingerprint text not null,
        claim text not null,
        claimed_until bigint not null,
        acted boolean not null default false,
        done boolean not null default false,
        answer bytea,
        expires_at bigint not null,
        primary key (principal, key_digest)
      )`);
    await runner.query('create index kept_answers_by_expiry on kept_answers (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['kept_answers', 'users', 'admin_keys']) await runner.query(`drop table ${table}`);
  }
}
