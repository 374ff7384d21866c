import { Inject, Injectable } from '@nestjs/common';
import { partitionOfRun } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import type { EntityManager } from 'typeorm';
import { type ArchivedEntry, ArchivePort, type Batch, type Position, type RunRef } from '../archive.port.js';
import type { ArchivedRun } from '../entities/archived-run.entity.js';
import { Checkpoint } from '../entities/checkpoint.entity.js';
import { insertChunks, readChunks } from './postgres-chunks.js';

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

  override async known(runs: readonly RunRef[]): Promise<ReadonlySet<string>> {
    await this.database.open(OPEN_MS);
    const rows: { run_id: string }[] = await this.database.run((manager) =>
      manager.query(
        `select run_id from runs join unnest($1::text[], $2::text[]) as asked (tenant, run_id) using (tenant, run_id)`,
        [runs.map(({ tenant }) => tenant), runs.map(({ runId }) => runId)],
      ),
    );
    return new Set(rows.map(({ run_id: runId }) => runId));
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
function readEntries(manager: EntityManager, { tenant, runId }: RunRef): Promise<ArchivedEntry[]> {
  return readChunks(manager, { tenant, runId, partition: partitionOfRun(runId), counts: true });
}
