import type { MigrationInterface, QueryRunner } from 'typeorm';

export class LetterMarks1795500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table letter_marks (
        tenant text not null,
        letter text not null,
        state text not null,
        done_by text not null,
        at bigint not null,
        primary key (tenant, letter)
      )`);
    await runner.query('create index letter_marks_by_age on letter_marks (at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table letter_marks');
  }
}
