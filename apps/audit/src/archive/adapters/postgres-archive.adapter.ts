import { Inject, Injectable } from '@nestjs/common';
import { partitionOfRun } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import type { EntityManager } from 'typeorm';
import { type ArchivedEntry, ArchivePort, type Batch, type Position, type RunRef } from '../archive.port.js';
import type { ArchivedRun } from '../entities/archived-run.entity.js';
import { Checkpoint } from '../entities/checkpoint.entity.js';
import { entriesOfChunk, JournalChunk } from '../entities/journal-chunk.entity.js';

/** How long one call waits for a database that is away, ms. */
const OPEN_MS = 2_000;

@Injectable()
export class PostgresArchiveAdapter extends ArchivePort {
  constructor(@Inject(Database) private readonly database: Database) {
    super();
  }

  override async position(partition: string): Promise<Position> {
    await this.database.open(OPEN_MS);
    const checkpoint = await this.database.run((manager) => manager.findOneBy(Checkpoint, { partition }));
    return checkpoint ?? { incarnation: 0, lastSeq: 0, rebuilding: false };
  }

  override async keep(batch: Batch): Promise<void> {
    await this.database.open(OPEN_MS);
    await this.database.transaction(async (manager) => {
      await moveCheckpoint(manager, batch);
      await insertChunks(manager, batch);
      if (batch.runs.length > 0) await upsertRuns(manager, batch.runs);
    });
  }

  override async entriesOf(run: RunRef): Promise<ArchivedEntry[]> {
    await this.database.open(OPEN_MS);
    return this.database.run((manager) => readEntries(manager, run));
  }
}

/** First in its transaction: of two processes that archive a partition one waits here for the other, and then gives up. */
async function moveCheckpoint(manager: EntityManager, batch: Batch): Promise<void> {
  const { partition, incarnation, afterSeq, lastSeq } = batch;
  const moved: unknown[] = await manager.query(
    `insert into checkpoints (partition, incarnation, last_seq) values ($1, $2, $3)
     on conflict (partition) do update set last_seq = excluded.last_seq
     where checkpoints.incarnation = excluded.incarnation and checkpoints.last_seq = $4 and not checkpoints.rebuilding
     returning partition`,
    [partition, incarnation, lastSeq, afterSeq],
  );
  if (moved.length === 0)
    throw new MeshError('CONFLICT', 'The partition was archived further by another process, or rebuilt.');
}

/**
 * One statement with an array a column, in which a chunk says which part of all sequences, sizes and bytes is its own: a
 * parameter a value, or an array of bodies, costs the client several times as much.
 */
async function insertChunks(
  manager: EntityManager,
  { partition, incarnation, afterSeq, chunks }: Batch,
): Promise<void> {
  const bodies = chunks.flatMap((chunk) => chunk.bodies);
  const counts = chunks.map(({ seqs }) => seqs.length);
  const sizes = chunks.map((chunk) => chunk.bodies.reduce((sum, { length }) => sum + length, 0));
  await manager.query(
    `insert into chunks (partition, incarnation, batch_seq, first_seq, tenant, run_id, subject, seqs, sizes, bytes, claimed)
     select $1, $2::integer, $3::bigint, ($4::bigint[])[at], tenant, run_id, subject,
       ($4::bigint[])[at : at + count - 1], ($5::integer[])[at : at + count - 1],
       substring($6::bytea from start for size), claimed
     from unnest($7::integer[], $8::integer[], $9::integer[], $10::integer[], $11::text[], $12::text[], $13::text[],
       $14::json[]) as chunk (at, count, start, size, tenant, run_id, subject, claimed)`,
    [
      partition,
      incarnation,
      afterSeq + 1,
      chunks.flatMap(({ seqs }) => seqs),
      bodies.map(({ length }) => length),
      Buffer.concat(bodies),
      startsOf(counts),
      counts,
      startsOf(sizes),
      sizes,
      chunks.map(({ tenant }) => tenant),
      chunks.map(({ runId }) => runId),
      chunks.map(({ subject }) => subject),
      chunks.map(({ claimed }) => claimed),
    ],
  );
}

/** Where each of these lengths begins when they lie one after the other, counted from 1. */
function startsOf(lengths: readonly number[]): number[] {
  let next = 1;
  return lengths.map((length) => (next += length) - length);
}

/** Columns of `runs` that a batch writes, with the type of their values. */
const RUN_COLUMNS = {
  tenant: ['tenant', 'text'],
  runId: ['run_id', 'text'],
  status: ['status', 'text'],
  agent: ['agent', 'text'],
  model: ['model', 'text'],
  userId: ['user_id', 'text'],
  acceptedAt: ['accepted_at', 'bigint'],
  endedAt: ['ended_at', 'bigint'],
  inputTokens: ['input_tokens', 'bigint'],
  outputTokens: ['output_tokens', 'bigint'],
  costNanoUsd: ['cost_nano_usd', 'bigint'],
  toolCalls: ['tool_calls', 'integer'],
  denied: ['denied', 'integer'],
  simulated: ['simulated', 'boolean'],
  closed: ['closed', 'boolean'],
} as const satisfies Record<keyof ArchivedRun, readonly [string, string]>;

const RUN_FIELDS = Object.keys(RUN_COLUMNS) as (keyof ArchivedRun)[];
const UPSERT_RUNS = ((): string => {
  const columns = Object.values(RUN_COLUMNS);
  const names = columns.map(([name]) => name);
  const values = columns.map(([, type], index) => `$${index + 1}::${type}[]`);
  const changes = names.slice(2).map((name) => `${name} = excluded.${name}`);
  return `insert into runs (${names.join(', ')}) select * from unnest(${values.join(', ')})
    on conflict (tenant, run_id) do update set ${changes.join(', ')}`;
})();

async function upsertRuns(manager: EntityManager, runs: readonly ArchivedRun[]): Promise<void> {
  await manager.query(
    UPSERT_RUNS,
    RUN_FIELDS.map((field) => runs.map((run) => run[field])),
  );
}

/** What lies in another partition's stream under this id is nothing of this run. */
async function readEntries(manager: EntityManager, { tenant, runId }: RunRef): Promise<ArchivedEntry[]> {
  const where = { tenant, runId, partition: partitionOfRun(runId), counts: true };
  const chunks = await manager.find(JournalChunk, { where, order: { incarnation: 'asc', firstSeq: 'asc' } });
  return chunks.flatMap(entriesOfChunk);
}
