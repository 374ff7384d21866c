import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Archive1795392000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table entries (
        partition text not null,
        seq bigint not null,
        tenant text not null,
        run_id text not null,
        subject text not null,
        bytes bytea not null,
        -- Not jsonb, which refuses characters that people and tools may well send.
        entry json,
        fault text,
        primary key (partition, seq)
      )`);
    await runner.query('create index entries_by_run on entries (tenant, run_id, seq)');
    await runner.query(`
      create table runs (
        tenant text not null,
        run_id text not null,
        status text not null,
        agent text,
        model text,
        user_id text,
        accepted_at bigint,
        ended_at bigint,
        input_tokens bigint not null,
        output_tokens bigint not null,
        cost_nano_usd bigint not null,
        tool_calls integer not null,
        denied integer not null,
        simulated boolean not null,
        primary key (tenant, run_id)
      )`);
    await runner.query('create index runs_by_time on runs (tenant, accepted_at desc)');
    await runner.query('create table checkpoints (partition text primary key, last_seq bigint not null)');
    await runner.query(`
      create table notes (
        id text primary key,
        tenant text not null,
        kind text not null,
        service text not null,
        facts jsonb not null,
        at bigint not null
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['notes', 'checkpoints', 'runs', 'entries']) await runner.query(`drop table ${table}`);
  }
}
