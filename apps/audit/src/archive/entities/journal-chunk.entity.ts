import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ArchivedEntry } from '../archive.port.js';

const bigint = { to: (n: number) => n, from: Number };

/** Entries of one run that were archived together: a row for each would cost the database ten times as much. */
@Entity('chunks')
@Index(['tenant', 'runId'])
export class JournalChunk {
  @PrimaryColumn({ type: 'text' })
  partition: string;

  /** How often the stream had been rebuilt when this was read from it. */
  @PrimaryColumn({ type: 'integer' })
  incarnation: number;

  /** First sequence of the batch that it came with: batches do not overlap, chunks of one batch do. */
  @PrimaryColumn({ type: 'bigint', name: 'batch_seq', transformer: bigint })
  batchSeq: number;

  @PrimaryColumn({ type: 'bigint', name: 'first_seq', transformer: bigint })
  firstSeq: number;

  @Column({ type: 'text' })
  tenant: string;

  @Column({ type: 'text', name: 'run_id' })
  runId: string;

  @Column({ type: 'text' })
  subject: string;

  /** Sequences in the partition's stream, ascending. */
  @Column({ type: 'bigint', array: true, transformer: { to: (seqs: number[]) => seqs, from: toNumbers } })
  seqs: number[];

  /** Bytes of each entry. */
  @Column({ type: 'integer', array: true })
  sizes: number[];

  /** The stored bodies, one after the other; null where they lie in a segment. */
  @Column({ type: 'bytea', nullable: true })
  bytes: Buffer | null;

  /** The segment of its batch that they lie in; null where `bytes` holds them. */
  @Column({ type: 'integer', nullable: true })
  part: number | null;

  /** Where they begin in it. */
  @Column({ type: 'integer', nullable: true })
  start: number | null;

  /**
   * The body of a chunk's only entry that lies in the object store. Not jsonb, which refuses some texts that JSON allows
   * (a NUL, half a surrogate pair) and forgets the order of keys that hashes rely on.
   */
  @Column({ type: 'json', nullable: true })
  claimed: unknown;

  /** The incarnation in whose stream it is no longer; null while it is there, or went to the archive in order. */
  @Column({ type: 'integer', name: 'cut_in', nullable: true })
  cutIn: number | null;

  /** False: what its run came to has been decided anew without it. */
  @Column({ type: 'boolean' })
  counts: boolean;
}

function toNumbers(seqs: readonly string[]): number[] {
  return seqs.map(Number);
}

/** The entries that a chunk holds, in order. `held`: its own bytes, or what was compressed in its segment. */
export function entriesOfChunk(chunk: JournalChunk, held: Uint8Array): ArchivedEntry[] {
  const { incarnation, seqs, sizes, subject, claimed, cutIn } = chunk;
  let end = chunk.start ?? 0;
  return seqs.map((seq, at) => {
    const begin = end;
    end += sizes[at] ?? 0;
    // A copy: a part of it would keep the whole segment.
    return { incarnation, seq, subject, bytes: Buffer.from(held.subarray(begin, end)), claimed, cutIn };
  });
}
