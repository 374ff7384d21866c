import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One entry of a journal, as it was stored on the bus. */
@Entity('entries')
@Index(['tenant', 'runId', 'seq'])
export class ArchivedEntry {
  @PrimaryColumn({ type: 'text' })
  partition: string;

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
   * A JournalEntry as read, large bodies fetched; null when it could not be read or believed. Not jsonb, which refuses
   * some texts that JSON allows (a NUL, half a surrogate pair) and forgets the order of keys that hashes rely on.
   */
  @Column({ type: 'json', nullable: true })
  entry: object | null;

  /** What checking the seal found. */
  @Column({ type: 'text' })
  seal: 'verified' | 'unchecked' | 'invalid';

  @Column({ type: 'text', name: 'fault_code', nullable: true })
  faultCode: string | null;

  @Column({ type: 'text', nullable: true })
  fault: string | null;
}
