import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Incidents1796428800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table incidents (
        id text primary key,
        tenant text not null,
        kind text not null,
        what text not null,
        subject text not null,
        seq bigint,
        first_at bigint not null,
        last_at bigint not null,
        count integer not null
      )`);
    await runner.query('create index incidents_by_time on incidents (tenant, last_at desc)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table incidents');
  }
}
