import { Inject, Injectable } from '@nestjs/common';
import { partitionOfRun } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import type { EntityManager } from 'typeorm';
import { ArchivePort, type Batch, type Position, type RunRef } from '../archive.port.js';
import { ArchivedEntry } from '../entities/archived-entry.entity.js';
import { ArchivedRun } from '../entities/archived-run.entity.js';
import { Checkpoint } from '../entities/checkpoint.entity.js';

/** How long one call waits for a database that is away, ms. */
const OPEN_MS = 2_000;
/** Rows of runs in one statement: a statement has at most 65,535 parameters. */
const ROWS_AT_ONCE = 1_000;

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
      for (let at = 0; at < runs.length; at += ROWS_AT_ONCE)
        await manager.upsert(ArchivedRun, runs.slice(at, at + ROWS_AT_ONCE), ['tenant', 'runId']);
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

/** One statement with an array a column: far cheaper than a parameter a value. */
async function insertEntries(manager: EntityManager, batch: Batch): Promise<void> {
  const { partition, incarnation, entries: rows } = batch;
  await manager.query(
    `insert into entries (partition, incarnation, seq, tenant, run_id, subject, bytes, entry, seal, fault_code, fault)
     select $1, $2::integer, * from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::json[],
       $9::text[], $10::text[], $11::text[])
     on conflict do nothing`,
    [
      partition,
      incarnation,
      rows.map(({ seq }) => seq),
      rows.map(({ tenant }) => tenant),
      rows.map(({ runId }) => runId),
      rows.map(({ subject }) => subject),
      rows.map(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
      rows.map(({ entry }) => entry),
      rows.map(({ seal }) => seal),
      rows.map(({ faultCode }) => faultCode),
      rows.map(({ fault }) => fault),
    ],
  );
}

/** What lies in another partition's stream under this id is nothing of this run. */
function readEntries(manager: EntityManager, { tenant, runId }: RunRef): Promise<ArchivedEntry[]> {
  const where = { tenant, runId, partition: partitionOfRun(runId), counts: true };
  return manager.find(ArchivedEntry, { where, order: { incarnation: 'asc', seq: 'asc' } });
}
