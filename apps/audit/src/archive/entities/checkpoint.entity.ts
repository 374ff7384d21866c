import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far a partition is archived; written in the same transaction as its entries. */
@Entity('checkpoints')
export class Checkpoint {
  @PrimaryColumn({ type: 'text' })
  partition: string;

  @Column({ type: 'bigint', name: 'last_seq', transformer: { to: (n: number) => n, from: Number } })
  lastSeq: number;

  @Column({ type: 'integer' })
  incarnation: number;

  /** The stream came back without entries that are still to be brought back. */
  @Column({ type: 'boolean' })
  rebuilding: boolean;
}
