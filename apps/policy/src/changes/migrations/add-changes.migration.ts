import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was changed, by whom: rows are added and never altered, chained by hash, one log a tenant and one of the mesh. */
export class AddChanges1797000000000 implements MigrationInterface {
  readonly name = 'AddChanges1797000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table change_heads (
        log text primary key,
        seq integer not null,
        hash text not null
      )`);
    await runner.query(`
      create table changes (
        log text not null,
        seq integer not null,
        at bigint not null,
        principal jsonb not null,
        request_id text,
        action text not null,
        resource text not null,
        before json,
        after json,
        bytes integer not null,
        previous text not null,
        hash text not null,
        primary key (log, seq)
      )`);
    await runner.query('create index changes_by_resource on changes (log, resource, seq)');
    await runner.query(`
      create function refuse_to_alter_changes() returns trigger language plpgsql as
      $$ begin raise exception 'the change log is only added to'; end $$`);
    await runner.query(`
      create trigger changes_are_added before update or delete or truncate on changes
      for each statement execute function refuse_to_alter_changes()`);
    await runner.query('create table change_outbox (log text not null, seq integer not null, primary key (log, seq))');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['change_outbox', 'changes', 'change_heads']) await runner.query(`drop table ${table}`);
    await runner.query('drop function refuse_to_alter_changes');
  }
}
