import { Inject, Injectable } from '@nestjs/common';
import { partitionOfRun } from '@signalbox/contracts';
import { Database } from '@signalbox/persistence';
import { type EntityManager, IsNull, Not } from 'typeorm';
import { ArchivePort, type Batch, type Projection, type RunRef } from '../archive.port.js';
import { ArchivedEntry } from '../entities/archived-entry.entity.js';
import { ArchivedRun } from '../entities/archived-run.entity.js';
import { Checkpoint } from '../entities/checkpoint.entity.js';

/** How long one call waits for a database that is away, ms. */
const OPEN_MS = 2_000;

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

  override async keep(batch: Batch, project: Projection): Promise<void> {
    const { partition, entries, turned } = batch;
    await this.database.open(OPEN_MS);
    await this.database.transaction(async (manager) => {
      await manager
        .createQueryBuilder()
        .insert()
        .into(ArchivedEntry)
        .values([...entries])
        .orIgnore()
        .execute();
      const runs = new Map([...turned, ...(await endedBefore(manager, batch))].map((run) => [run.runId, run]));
      for (const run of runs.values()) {
        const row = project(await readEntries(manager, run));
        if (row !== null) await manager.upsert(ArchivedRun, row, ['tenant', 'runId']);
      }
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

/** An answer that comes after the end still costs money, and the conversation is saved after it. */
function endedBefore(manager: EntityManager, { runs }: Batch): Promise<RunRef[]> {
  const where = runs.map(({ tenant, runId }) => ({ tenant, runId, endedAt: Not(IsNull()) }));
  return where.length === 0
    ? Promise.resolve([])
    : manager.find(ArchivedRun, { where, select: { tenant: true, runId: true } });
}

/** What lies in another partition's stream under this id is nothing of this run. */
function readEntries(manager: EntityManager, { tenant, runId }: RunRef): Promise<ArchivedEntry[]> {
  const where = { tenant, runId, partition: partitionOfRun(runId) };
  return manager.find(ArchivedEntry, { where, order: { seq: 'asc' } });
}
