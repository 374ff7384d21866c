import { Inject, Injectable } from '@nestjs/common';
import { partitionOfRun } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import type { EntityManager } from 'typeorm';
import type { ArchivedEntry, Position, RunRef } from '../../archive/archive.port.js';
import { readChunks } from '../../archive/adapters/postgres-chunks.js';
import type { JournalChunk } from '../../archive/entities/journal-chunk.entity.js';
import { type Anchor, IncarnationsPort, type RunPage } from '../incarnations.port.js';

/** How long one call waits for a database that is away, ms. */
const OPEN_MS = 2_000;
type ChunkKey = Pick<JournalChunk, 'incarnation' | 'batchSeq' | 'firstSeq'>;
/** A run's id begins with its partition. */
const idsOf = (partition: string): string => `run\\_${partition}\\_%`;

@Injectable()
export class PostgresIncarnationsAdapter extends IncarnationsPort {
  constructor(@Inject(Database) private readonly database: Database) {
    super();
  }

  override async anchor(partition: string, untilSeq: number): Promise<Anchor | null> {
    const [row] = await this.#ask<{ seq: string; chunk: ChunkKey }>(
      `select newest.seq, json_build_object('incarnation', c.incarnation, 'batchSeq', c.batch_seq, 'firstSeq', c.first_seq) as chunk
       from chunks c
       left join runs r on r.tenant = c.tenant and r.run_id = c.run_id
       left join tombstones t on t.tenant = c.tenant and t.run_id = c.run_id
       cross join lateral (
         select seq from unnest(c.seqs) as seq
         where seq <= $2 and (r.place is null or r.place in ('hot', 'kept') or seq >= t.seq)
         order by seq desc limit 1) newest
       where c.partition = $1 and c.cut_in is null and c.batch_seq <= $2
       order by c.incarnation desc, c.batch_seq desc, newest.seq desc limit 1`,
      [partition, untilSeq],
    );
    if (row === undefined) return null;
    const entries = await this.database.run((manager) => readChunks(manager, { partition, ...row.chunk }));
    const seq = Number(row.seq);
    const bytes = entries.find((entry) => entry.seq === seq)?.bytes;
    return bytes === undefined ? null : { seq, bytes };
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
      `select distinct tenant, run_id as "runId" from chunks
       where partition = $1 and cut_in = $2 and counts and run_id > $3 and run_id like $5 order by run_id limit $4`,
      [partition, incarnation, after, limit, idsOf(partition)],
    );
  }

  override openRuns({ partition, incarnation, after, limit }: RunPage): Promise<RunRef[]> {
    return this.#ask(
      `select tenant, run_id as "runId" from (
         select tenant, run_id from runs where not closed and run_id like $5
         union
         select tenant, run_id from chunks where partition = $1 and cut_in = $2 and not counts and run_id like $5
       ) open where run_id > $3 order by run_id limit $4`,
      [partition, incarnation, after, limit, idsOf(partition)],
    );
  }

  override async lost({ tenant, runId }: RunRef, incarnation: number): Promise<ArchivedEntry[]> {
    await this.database.open(OPEN_MS);
    const where = { tenant, runId, partition: partitionOfRun(runId), cutIn: incarnation, counts: false };
    return this.database.run((manager) => readChunks(manager, where));
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
  await splitChunks(manager, partition, cutSeq);
  const [{ lost }] = (await manager.query(
    `with cut as (
       update chunks set cut_in = $2 where partition = $1 and cut_in is null and first_seq > $3
       returning cardinality(seqs) as entries)
     select coalesce(sum(entries), 0)::integer as lost from cut`,
    [partition, next, cutSeq],
  )) as [{ lost: number }];
  if (from.rebuilding)
    await manager.query('update chunks set cut_in = $2 where partition = $1 and cut_in = $2 - 1', [partition, next]);
  await manager.query(
    `update chunks c set counts = false where partition = $1 and cut_in = $2 and counts and not exists (
       select from runs r where r.tenant = c.tenant and r.run_id = c.run_id and r.closed)`,
    [partition, next],
  );
  return lost;
}

/** Chunks with entries on both sides of the cut become two. */
async function splitChunks(manager: EntityManager, partition: string, cutSeq: number): Promise<void> {
  const isSplit = `partition = $1 and cut_in is null and first_seq <= $2 and seqs[cardinality(seqs)] > $2`;
  const split = `select *, (select sum(size) from unnest(sizes[: stays]) as size)::integer as stay_bytes from (
      select *, (select count(*) from unnest(seqs) as seq where seq <= $2)::integer as stays
      from chunks where ${isSplit}) straddling`;
  await manager.query(
    `insert into chunks (partition, incarnation, batch_seq, first_seq, tenant, run_id, subject, seqs, sizes, bytes, part, start, claimed, counts)
     select partition, incarnation, batch_seq, seqs[stays + 1], tenant, run_id, subject, seqs[stays + 1 :],
       sizes[stays + 1 :], substring(bytes from stay_bytes + 1), part, start + stay_bytes, claimed, counts
     from (${split}) parts`,
    [partition, cutSeq],
  );
  await manager.query(
    `update chunks c set seqs = c.seqs[: stays], sizes = c.sizes[: stays], bytes = substring(c.bytes for stay_bytes)
     from (${split}) parts
     where c.partition = parts.partition and c.incarnation = parts.incarnation and c.batch_seq = parts.batch_seq
       and c.first_seq = parts.first_seq`,
    [partition, cutSeq],
  );
}
