import type { EntityManager, FindOptionsWhere } from 'typeorm';
import type { ArchivedEntry } from '../archive.port.js';
import { entriesOfChunk, JournalChunk } from '../entities/journal-chunk.entity.js';
import { unpackSegment } from './segments.js';

type Where = FindOptionsWhere<JournalChunk> & { partition: string };
type SegmentKey = Pick<JournalChunk, 'incarnation' | 'batchSeq' | 'part'>;

/** The entries of these chunks of a partition, in order. */
export async function readChunks(manager: EntityManager, where: Where): Promise<ArchivedEntry[]> {
  const chunks = await manager.find(JournalChunk, { where, order: { incarnation: 'asc', firstSeq: 'asc' } });
  const segments = await readSegments(manager, where.partition, chunks);
  // One at a time: all that a long run shares its segments with may be much.
  return chunks.flatMap((chunk) => entriesOfChunk(chunk, unpackSegment(segments.get(keyOf(chunk)))));
}

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
