import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Vault1795392000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table vault (
        tenant text not null,
        token text not null,
        class text not null,
        sealed text not null,
        created_at timestamptz not null default now(),
        primary key (tenant, token)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table vault');
  }
}
