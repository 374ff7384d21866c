import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a token stands for, encrypted; without the guard's vault key it is noise. */
@Entity('vault')
export class VaultEntry {
  @PrimaryColumn({ type: 'text' })
  tenant: string;

  @PrimaryColumn({ type: 'text' })
  token: string;

  @Column({ type: 'text', name: 'class' })
  piiClass: string;

  @Column({ type: 'text' })
  sealed: string;

  @Column({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt: Date;
}
