import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What a caller's idempotency key stands for. Neither the key nor the request is in it, only keyed hashes. */
@Entity('idempotency_keys')
export class IdempotencyKey {
  @PrimaryColumn({ type: 'text' })
  tenant: string;

  /** Hash of the bearer key's digest and the idempotency key. */
  @PrimaryColumn({ type: 'text', name: 'request_id' })
  requestId: string;

  @Column({ type: 'text' })
  fingerprint: string;

  @Column({ type: 'text', name: 'run_id' })
  runId: string;

  /** When its run's journal was begun; null: not yet. */
  @Column({ type: 'timestamptz', name: 'started_at', nullable: true })
  startedAt: Date | null;

  @Index('idempotency_keys_by_end')
  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt: Date;
}
