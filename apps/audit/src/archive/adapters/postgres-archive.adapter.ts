import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@signalbox/persistence';
import { ArchivePort, type RunRef } from '../archive.port.js';
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

  override async keep(partition: string, entries: readonly ArchivedEntry[], lastSeq: number): Promise<void> {
    await this.database.open(OPEN_MS);
    await this.database.transaction(async (manager) => {
      await manager.createQueryBuilder().insert().into(ArchivedEntry).values([...entries]).orIgnore().execute();
      await manager.query(
        `insert into checkpoints (partition, last_seq) values ($1, $2)
         on conflict (partition) do update set last_seq = greatest(checkpoints.last_seq, excluded.last_seq)`,
        [partition, lastSeq],
      );
    });
  }

  override async entriesOf(run: RunRef): Promise<ArchivedEntry[]> {
    await this.database.open(OPEN_MS);
    return this.database.run((manager) => manager.find(ArchivedEntry, { where: { ...run }, order: { seq: 'asc' } }));
  }

  override async keepRun(run: ArchivedRun): Promise<void> {
    await this.database.run((manager) => manager.upsert(ArchivedRun, run, ['tenant', 'runId']));
  }
}
