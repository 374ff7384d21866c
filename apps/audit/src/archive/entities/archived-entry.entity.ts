import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One entry of a journal, as it was stored on the bus. */
@Entity('entries')
@Index(['tenant', 'runId', 'seq'])
export class ArchivedEntry {
  @PrimaryColumn({ type: 'text' })
  partition: string;

  /** How often the stream had been rebuilt when this was read from it. */
  @PrimaryColumn({ type: 'integer' })
  incarnation: number;

  /** Sequence in the partition's stream. */
  @PrimaryColumn({ type: 'bigint', transformer: { to: (n: number) => n, from: Number } })
  seq: number;

  @Column({ type: 'text' })
  tenant: string;

  @Column({ type: 'text', name: 'run_id' })
  runId: string;

  @Column({ type: 'text' })
  subject: string;

  /** The stored body, for the hash chain. */
  @Column({ type: 'bytea' })
  bytes: Buffer;

  /**
   * A body that lies in the object store, where the bytes hold only its reference. Not jsonb, which refuses some texts that
   * JSON allows (a NUL, half a surrogate pair) and forgets the order of keys that hashes rely on.
   */
  @Column({ type: 'json', nullable: true })
  claimed: unknown;

  /** What checking the seal found. */
  @Column({ type: 'text' })
  seal: 'verified' | 'unchecked' | 'invalid';

  @Column({ type: 'text', name: 'fault_code', nullable: true })
  faultCode: string | null;

  @Column({ type: 'text', nullable: true })
  fault: string | null;

  /** The incarnation in whose stream it is no longer; null while it is there, or went to the archive in order. */
  @Column({ type: 'integer', name: 'cut_in', nullable: true })
  cutIn: number | null;

  /** False: what its run came to has been decided anew without it. */
  @Column({ type: 'boolean' })
  counts: boolean;
}
