import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IdempotencyKeys1795500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table idempotency_keys (
        tenant text not null,
        request_id text not null,
        fingerprint text not null,
        run_id text not null,
        started_at timestamptz,
        expires_at timestamptz not null,
        primary key (tenant, request_id)
      )`);
    await runner.query('create index idempotency_keys_by_end on idempotency_keys (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table idempotency_keys');
  }
}
