import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Stored bodies of chunks that came with one batch, one after the other, compressed together (zstd). */
@Entity('segments')
export class JournalSegment {
  @PrimaryColumn({ type: 'text' })
  partition: string;

  @PrimaryColumn({ type: 'integer' })
  incarnation: number;

  @PrimaryColumn({ type: 'bigint', name: 'batch_seq', transformer: { to: (n: number) => n, from: Number } })
  batchSeq: number;

  /** Counted from 0 in its batch. */
  @PrimaryColumn({ type: 'integer' })
  part: number;

  @Column({ type: 'bytea' })
  bytes: Buffer;
}
