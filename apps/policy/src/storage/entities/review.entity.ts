import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How a tenant wants changes to be made; no row: as they come. */
@Entity({ name: 'reviews' })
export class ReviewEntity {
  @PrimaryColumn({ type: 'text' })
  tenant!: string;

  @Column({ type: 'jsonb' })
  definition!: object;

  @Column({ type: 'integer' })
  revision!: number;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
