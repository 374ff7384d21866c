import { Inject, Injectable } from '@nestjs/common';
import { partitionOfRun } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import type { EntityManager } from 'typeorm';
import type { Position, RunRef } from '../../archive/archive.port.js';
import { ArchivedEntry } from '../../archive/entities/archived-entry.entity.js';
import { type Anchor, IncarnationsPort, type RunPage } from '../incarnations.port.js';

/** How long one call waits for a database that is away, ms. */
const OPEN_MS = 2_000;
/** A run's id begins with its partition. */
const idsOf = (partition: string): string => `run\\_${partition}\\_%`;

@Injectable()
export class PostgresIncarnationsAdapter extends IncarnationsPort {
  constructor(@Inject(Database) private readonly database: Database) {
    super();
  }

  override async anchor(partition: string, untilSeq: number): Promise<Anchor | null> {
    const [row] = await this.#ask<{ seq: string; bytes: Buffer }>(
      `select e.seq, e.bytes from entries e
       left join runs r on r.tenant = e.tenant and r.run_id = e.run_id
       left join tombstones t on t.tenant = e.tenant and t.run_id = e.run_id
       where e.partition = $1 and e.cut_in is null and e.seq <= $2
         and (r.place is null or r.place in ('hot', 'kept') or e.seq >= t.seq)
       order by e.incarnation desc, e.seq desc limit 1`,
      [partition, untilSeq],
    );
    return row === undefined ? null : { seq: Number(row.seq), bytes: row.bytes };
  }

  override async open(partition: string, from: Position, cutSeq: number, nowMs: number): Promise<void> {
    await this.database.open(OPEN_MS);
    await this.database.transaction(async (manager) => {
      const next = from.incarnation + 1;
      await takeCheckpoint(manager, partition, from, cutSeq);
      const lost = await cutEntries(manager, partition, from, cutSeq);
      await manager.query('delete from tombstones where run_id like $1 and seq > $2', [idsOf(partition), cutSeq]);
      await manager.query(
        'insert into incarnations (partition, incarnation, cut_seq, lost, opened_at) values ($1, $2, $3, $4, $5)',
        [partition, next, cutSeq, lost, nowMs],
      );
    });
  }

  override closedRuns({ partition, incarnation, after, limit }: RunPage): Promise<RunRef[]> {
    return this.#ask(
      `select distinct tenant, run_id as "runId" from entries
       where partition = $1 and cut_in = $2 and counts and run_id > $3 and run_id like $5 order by run_id limit $4`,
      [partition, incarnation, after, limit, idsOf(partition)],
    );
  }

  override openRuns({ partition, incarnation, after, limit }: RunPage): Promise<RunRef[]> {
    return this.#ask(
      `select tenant, run_id as "runId" from (
         select tenant, run_id from runs where not closed and run_id like $5
         union
         select tenant, run_id from entries where partition = $1 and cut_in = $2 and not counts and run_id like $5
       ) open where run_id > $3 order by run_id limit $4`,
      [partition, incarnation, after, limit, idsOf(partition)],
    );
  }

  override async lost({ tenant, runId }: RunRef, incarnation: number): Promise<ArchivedEntry[]> {
    await this.database.open(OPEN_MS);
    const where = { tenant, runId, partition: partitionOfRun(runId), cutIn: incarnation, counts: false };
    return this.database.run((manager) =>
      manager.find(ArchivedEntry, { where, order: { incarnation: 'asc', seq: 'asc' } }),
    );
  }

  override async entombed({ tenant, runId }: RunRef, seq: number, nowMs: number): Promise<void> {
    await this.#ask(
      `with moved as (update runs set place = 'trimmed' where tenant = $1 and run_id = $2)
       insert into tombstones (tenant, run_id, seq, trimmed_at) values ($1, $2, $3, $4)
       on conflict (tenant, run_id) do update set seq = excluded.seq, trimmed_at = excluded.trimmed_at`,
      [tenant, runId, seq, nowMs],
    );
  }

  override async done(partition: string, incarnation: number, nowMs: number): Promise<void> {
    await this.#ask(
      `with ready as (update checkpoints set rebuilding = false where partition = $1 and incarnation = $2)
       update incarnations set done_at = $3 where partition = $1 and incarnation = $2`,
      [partition, incarnation, nowMs],
    );
  }

  async #ask<R>(text: string, values: unknown[]): Promise<R[]> {
    await this.database.open(OPEN_MS);
    return this.database.run((manager) => manager.query(text, values));
  }
}

async function takeCheckpoint(
  manager: EntityManager,
  partition: string,
  from: Position,
  cutSeq: number,
): Promise<void> {
  const [taken] = (await manager.query(
    `update checkpoints set incarnation = $2 + 1, last_seq = $3, rebuilding = true
     where partition = $1 and incarnation = $2 returning partition`,
    [partition, from.incarnation, cutSeq],
  )) as [unknown[], number];
  if (taken.length === 0) throw new MeshError('CONFLICT', 'Another process rebuilds the partition.');
}

/** How many entries the stream lost. What an unfinished rebuild had still to bring back is for this one to do. */
async function cutEntries(manager: EntityManager, partition: string, from: Position, cutSeq: number): Promise<number> {
  const next = from.incarnation + 1;
  const [, lost] = (await manager.query(
    'update entries set cut_in = $2 where partition = $1 and cut_in is null and seq > $3',
    [partition, next, cutSeq],
  )) as [unknown, number];
  if (from.rebuilding)
    await manager.query('update entries set cut_in = $2 where partition = $1 and cut_in = $2 - 1', [partition, next]);
  await manager.query(
    `update entries e set counts = false where partition = $1 and cut_in = $2 and counts and not exists (
       select from runs r where r.tenant = e.tenant and r.run_id = e.run_id and r.closed)`,
    [partition, next],
  );
  return lost;
}
