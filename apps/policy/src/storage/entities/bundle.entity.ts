import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A signed bundle. Written in the transaction of its change: while `deliveredAt` is null it is the outbox's. */
@Entity({ name: 'bundles' })
export class BundleEntity {
  @PrimaryColumn({ type: 'text' })
  tenant!: string;

  @PrimaryColumn({ type: 'integer' })
  version!: number;

  @Column({ type: 'text' })
  hash!: string;

  @Column({ name: 'key_id', type: 'text' })
  keyId!: string;

  @Column({ type: 'text' })
  signature!: string;

  /** The signed bytes; text, since jsonb would rewrite them. */
  @Column({ type: 'text' })
  payload!: string;

  /** What made it: `agents/analyst put`, `renewed`… */
  @Column({ type: 'text' })
  change!: string;

  /** Who made the change; empty: the mesh itself. */
  @Column({ type: 'text' })
  author!: string;

  @Column({ name: 'issued_at', type: 'timestamptz' })
  issuedAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ name: 'delivered_at', type: 'timestamptz', nullable: true })
  deliveredAt!: Date | null;
}
