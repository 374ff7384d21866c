import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keeps JSON as it was written, and what checking an entry found. */
export class EntriesAsWritten1795399200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table entries
        alter column entry type json using entry::json,
        add column seal text not null default 'unchecked',
        add column fault_code text`);
    await runner.query('alter table entries alter column seal drop default');
    await runner.query('alter table notes alter column facts type json using facts::json');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table notes alter column facts type jsonb using facts::jsonb');
    await runner.query(`
      alter table entries
        drop column fault_code,
        drop column seal,
        alter column entry type jsonb using entry::jsonb`);
  }
}
