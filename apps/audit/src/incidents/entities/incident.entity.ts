import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { IncidentKind } from '../incident.js';

const whole = { to: (n: number | null) => n, from: (text: string | null) => (text === null ? null : Number(text)) };

/** Something that must not happen and did. */
@Entity('incidents')
export class IncidentRow {
  @PrimaryColumn({ type: 'text' })
  id: string;

  @Column({ type: 'text' })
  tenant: string;

  @Column({ type: 'text' })
  kind: IncidentKind;

  @Column({ type: 'text' })
  what: string;

  @Column({ type: 'text' })
  subject: string;

  @Column({ type: 'bigint', nullable: true, transformer: whole })
  seq: number | null;

  @Column({ type: 'bigint', name: 'first_at', transformer: whole })
  firstAt: number;

  @Column({ type: 'bigint', name: 'last_at', transformer: whole })
  lastAt: number;

  @Column({ type: 'integer' })
  count: number;
}
