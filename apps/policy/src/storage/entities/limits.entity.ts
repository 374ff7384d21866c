import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Limits of a tenant as a whole; no row: none were ever set. */
@Entity({ name: 'limits' })
export class LimitsEntity {
  @PrimaryColumn({ type: 'text' })
  tenant!: string;

  @Column({ type: 'jsonb' })
  definition!: object;

  /** The bundle version that first carried them so. */
  @Column({ type: 'integer' })
  revision!: number;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
