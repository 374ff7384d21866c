import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Something worth keeping that belongs to no run. */
@Entity('notes')
export class Note {
  @PrimaryColumn({ type: 'text' })
  id: string;

  @Column({ type: 'text' })
  tenant: string;

  @Column({ type: 'text' })
  kind: string;

  @Column({ type: 'text' })
  service: string;

  @Column({ type: 'json' })
  facts: Record<string, string | number | boolean | null>;

  @Column({ type: 'bigint', transformer: { to: (n: number) => n, from: Number } })
  at: number;
}
