import type { EntityManager, FindOptionsWhere } from 'typeorm';
import type { ArchivedEntry, Batch } from '../archive.port.js';
import { entriesOfChunk, JournalChunk } from '../entities/journal-chunk.entity.js';
import { packSegments, unpackSegment } from './segments.js';

type Key = Pick<Batch, 'partition' | 'incarnation' | 'afterSeq'>;

/** Rows of `chunks` for the entries of a batch, and of `segments` for their bodies. */
export async function insertChunks(manager: EntityManager, batch: Batch): Promise<void> {
  const { partition, incarnation, afterSeq, chunks } = batch;
  const { places, segments } = packSegments(chunks);
  await insertSegments(manager, batch, segments);
  const counts = chunks.map(({ seqs }) => seqs.length);
  // An array a column, in which a chunk says which part of all sequences and sizes is its own: a parameter a value costs
  // the client several times as much.
  await manager.query(
    `insert into chunks (partition, incarnation, batch_seq, first_seq, tenant, run_id, subject, seqs, sizes, part, start, claimed)
     select $1, $2::integer, $3::bigint, ($4::bigint[])[at], tenant, run_id, subject,
       ($4::bigint[])[at : at + count - 1], ($5::integer[])[at : at + count - 1], part, start, claimed
     from unnest($6::integer[], $7::integer[], $8::integer[], $9::integer[], $10::text[], $11::text[], $12::text[],
       $13::json[]) as chunk (at, count, part, start, tenant, run_id, subject, claimed)`,
    [
      partition,
      incarnation,
      batchSeqOf(afterSeq),
      chunks.flatMap(({ seqs }) => seqs),
      chunks.flatMap(({ bodies }) => bodies.map(({ length }) => length)),
      startsOf(counts),
      counts,
      places.map(({ part }) => part),
      places.map(({ start }) => start),
      chunks.map(({ tenant }) => tenant),
      chunks.map(({ runId }) => runId),
      chunks.map(({ subject }) => subject),
      chunks.map(({ claimed }) => claimed),
    ],
  );
}

/** All bytes as one parameter: an array of them would travel as text. */
async function insertSegments(manager: EntityManager, key: Key, segments: readonly Buffer[]): Promise<void> {
  const sizes = segments.map(({ length }) => length);
  await manager.query(
    `insert into segments (partition, incarnation, batch_seq, part, bytes)
     select $1, $2::integer, $3::bigint, part - 1, substring($4::bytea from start for size)
     from unnest($5::integer[], $6::integer[]) with ordinality as segment (start, size, part)`,
    [key.partition, key.incarnation, batchSeqOf(key.afterSeq), Buffer.concat(segments), startsOf(sizes), sizes],
  );
}

const batchSeqOf = (afterSeq: number): number => afterSeq + 1;

/** Where each of these lengths begins when they lie one after the other, counted from 1. */
function startsOf(lengths: readonly number[]): number[] {
  let next = 1;
  return lengths.map((length) => (next += length) - length);
}

type Where = FindOptionsWhere<JournalChunk> & { partition: string };
type SegmentKey = Pick<JournalChunk, 'incarnation' | 'batchSeq' | 'part'>;

/** The entries of these chunks of a partition, in order. */
export async function readChunks(manager: EntityManager, where: Where): Promise<ArchivedEntry[]> {
  const chunks = await manager.find(JournalChunk, { where, order: { incarnation: 'asc', firstSeq: 'asc' } });
  const segments = await readSegments(manager, where.partition, chunks);
  // One is unpacked at a time: all that a long run shares its segments with may be much.
  let last: { key: string; bytes: Uint8Array } | null = null;
  return chunks.flatMap((chunk) => {
    if (chunk.bytes !== null) return entriesOfChunk(chunk, chunk.bytes);
    const key = keyOf(chunk);
    if (last?.key !== key) last = { key, bytes: unpacked(segments.get(key)) };
    return entriesOfChunk(chunk, last.bytes);
  });
}

/** Of a segment that is gone or altered nothing is left: none of its entries is then what was stored. */
const unpacked = (segment: Buffer | undefined): Uint8Array =>
  (segment === undefined ? null : unpackSegment(segment)) ?? new Uint8Array();

const keyOf = ({ incarnation, batchSeq, part }: SegmentKey): string => `${incarnation}:${batchSeq}:${part}`;

/** The segments of these chunks, by key. */
async function readSegments(
  manager: EntityManager,
  partition: string,
  chunks: readonly JournalChunk[],
): Promise<Map<string, Buffer>> {
  const packed = chunks.filter(({ part }) => part !== null);
  if (packed.length === 0) return new Map();
  const rows: { incarnation: number; batch_seq: string; part: number; bytes: Buffer }[] = await manager.query(
    `select incarnation, batch_seq, part, bytes from segments
     join (select distinct * from unnest($2::integer[], $3::bigint[], $4::integer[])
       as asked (incarnation, batch_seq, part)) asked using (incarnation, batch_seq, part)
     where partition = $1`,
    [
      partition,
      packed.map(({ incarnation }) => incarnation),
      packed.map(({ batchSeq }) => batchSeq),
      packed.map(({ part }) => part),
    ],
  );
  return new Map(
    rows.map(({ incarnation, batch_seq: batchSeq, part, bytes }) => [
      keyOf({ incarnation, batchSeq: Number(batchSeq), part }),
      bytes,
    ]),
  );
}
