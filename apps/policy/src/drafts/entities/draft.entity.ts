import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A change set of a tenant, as it is being made and as it ended. */
@Entity({ name: 'drafts' })
export class DraftEntity {
  @PrimaryColumn({ type: 'text' })
  tenant!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  title!: string;

  @Column({ type: 'text' })
  state!: string;

  /** Who made it, then all who changed it. */
  @Column({ type: 'jsonb' })
  authors!: object;

  @Column({ name: 'base_version', type: 'integer' })
  baseVersion!: number;

  @Column({ type: 'jsonb' })
  changes!: object;

  @Column({ type: 'jsonb' })
  approvals!: object;

  /** Counts its changes, for If-Match. */
  @Column({ type: 'integer' })
  revision!: number;

  @Column({ name: 'published_version', type: 'integer', nullable: true })
  publishedVersion!: number | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
