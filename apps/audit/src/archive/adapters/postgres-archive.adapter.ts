import { Inject, Injectable } from '@nestjs/common';
import { partitionOfRun } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import type { EntityManager } from 'typeorm';
import { ArchivePort, type Batch, type Position, type RunRef } from '../archive.port.js';
import { ArchivedEntry } from '../entities/archived-entry.entity.js';
import type { ArchivedRun } from '../entities/archived-run.entity.js';
import { Checkpoint } from '../entities/checkpoint.entity.js';

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
    const { partition, incarnation, entries, runs } = batch;
    await this.database.open(OPEN_MS);
    await this.database.transaction(async (manager) => {
      await insertEntries(manager, batch);
      if (runs.length > 0) await upsertRuns(manager, runs);
      const kept: unknown[] = await manager.query(
        `insert into checkpoints (partition, incarnation, last_seq) values ($1, $2, $3)
         on conflict (partition) do update set last_seq = greatest(checkpoints.last_seq, excluded.last_seq)
         where checkpoints.incarnation = excluded.incarnation and not checkpoints.rebuilding
         returning partition`,
        [partition, incarnation, entries.at(-1)?.seq ?? 0],
      );
      if (kept.length === 0) throw new MeshError('CONFLICT', 'The partition was rebuilt meanwhile.');
    });
  }

  override async entriesOf(run: RunRef): Promise<ArchivedEntry[]> {
    await this.database.open(OPEN_MS);
    return this.database.run((manager) => readEntries(manager, run));
  }
}

/**
 * One statement with an array a column, and all bodies in one value that the server cuts up: a parameter a value, or an
 * array of bodies, costs the client several times as much.
 */
async function insertEntries(manager: EntityManager, batch: Batch): Promise<void> {
  const { partition, incarnation, entries: rows } = batch;
  const starts: number[] = [];
  let size = 0;
  for (const { bytes } of rows) {
    starts.push(size + 1);
    size += bytes.length;
  }
  await manager.query(
    `insert into entries (partition, incarnation, seq, tenant, run_id, subject, bytes, claimed, seal, fault_code, fault)
     select $1, $2::integer, seq, tenant, run_id, subject, substring($3::bytea from start for size), claimed, seal,
       fault_code, fault
     from unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::integer[], $10::json[],
       $11::text[], $12::text[], $13::text[])
       as row (seq, tenant, run_id, subject, start, size, claimed, seal, fault_code, fault)
     on conflict do nothing`,
    [
      partition,
      incarnation,
      Buffer.concat(rows.map(({ bytes }) => bytes)),
      rows.map(({ seq }) => seq),
      rows.map(({ tenant }) => tenant),
      rows.map(({ runId }) => runId),
      rows.map(({ subject }) => subject),
      starts,
      rows.map(({ bytes }) => bytes.length),
      rows.map(({ claimed }) => claimed),
      rows.map(({ seal }) => seal),
      rows.map(({ faultCode }) => faultCode),
      rows.map(({ fault }) => fault),
    ],
  );
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
  const where = { tenant, runId, partition: partitionOfRun(runId), counts: true };
  return manager.find(ArchivedEntry, { where, order: { incarnation: 'asc', seq: 'asc' } });
}
