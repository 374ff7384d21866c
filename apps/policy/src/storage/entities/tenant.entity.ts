import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A tenant. Its row is locked for every change, so that versions never fork. */
@Entity({ name: 'tenants' })
export class TenantEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** Newest bundle version that was issued; 0 before the first. */
  @Column({ type: 'integer' })
  version!: number;
}
