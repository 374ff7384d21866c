import { Inject, Injectable } from '@nestjs/common';
import { partitionOfRun } from '@signalbox/contracts';
import { Database } from '@signalbox/persistence';
import type { EntityManager } from 'typeorm';
import { ArchivePort, type Batch, type EntryRow, type RunRef } from '../archive.port.js';
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

  override async lastSeq(partition: string): Promise<number> {
    await this.database.open(OPEN_MS);
    const checkpoint = await this.database.run((manager) => manager.findOneBy(Checkpoint, { partition }));
    return checkpoint?.lastSeq ?? 0;
  }

  override async keep(batch: Batch): Promise<void> {
    const { partition, entries, runs } = batch;
    await this.database.open(OPEN_MS);
    await this.database.transaction(async (manager) => {
      await insertEntries(manager, partition, entries);
      for (let at = 0; at < runs.length; at += ROWS_AT_ONCE)
        await manager.upsert(ArchivedRun, runs.slice(at, at + ROWS_AT_ONCE), ['tenant', 'runId']);
      await manager.query(
        `insert into checkpoints (partition, last_seq) values ($1, $2)
         on conflict (partition) do update set last_seq = greatest(checkpoints.last_seq, excluded.last_seq)`,
        [partition, entries.at(-1)?.seq ?? 0],
      );
    });
  }

  override async entriesOf(run: RunRef): Promise<ArchivedEntry[]> {
    await this.database.open(OPEN_MS);
    return this.database.run((manager) => readEntries(manager, run));
  }
}

/** One statement with an array a column: far cheaper than a parameter a value. */
async function insertEntries(manager: EntityManager, partition: string, rows: readonly EntryRow[]): Promise<void> {
  await manager.query(
    `insert into entries (partition, seq, tenant, run_id, subject, bytes, entry, seal, fault_code, fault)
     select $1, * from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::json[], $8::text[],
       $9::text[], $10::text[])
     on conflict do nothing`,
    [
      partition,
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
  const where = { tenant, runId, partition: partitionOfRun(runId) };
  return manager.find(ArchivedEntry, { where, order: { seq: 'asc' } });
}
