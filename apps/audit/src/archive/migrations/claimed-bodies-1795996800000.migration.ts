import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keeps what cannot be read from the bytes: bodies that lie in the object store. */
export class ClaimedBodies1795996800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table entries add column claimed json');
    await runner.query(`update entries set claimed = entry -> 'body' where position('{"$claim":'::bytea in bytes) > 0`);
    await runner.query('alter table entries drop column entry');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table entries add column entry json');
    await runner.query('alter table entries drop column claimed');
  }
}
