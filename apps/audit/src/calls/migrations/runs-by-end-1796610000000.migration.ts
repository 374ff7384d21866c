import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Runs by when they ended, for who looks at them once they have; notes by tenant and time. */
export class RunsByEnd1796610000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index runs_by_end on runs (tenant, ended_at, run_id) where ended_at is not null');
    await runner.query('create index notes_by_time on notes (tenant, at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index notes_by_time');
    await runner.query('drop index runs_by_end');
  }
}
