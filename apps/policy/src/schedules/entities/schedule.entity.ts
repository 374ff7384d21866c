import type { Schedule } from '@signalbox/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { LastFiring } from '../schedules.port.js';

const asNumber = { to: (n: number | null) => n, from: (n: string | null) => (n === null ? null : Number(n)) };

@Entity({ name: 'schedules' })
export class ScheduleEntity {
  @PrimaryColumn({ type: 'text' })
  tenant!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'jsonb' })
  definition!: Schedule;

  @Column({ type: 'text' })
  sealed!: string;

  @Column({ type: 'jsonb' })
  preview!: unknown;

  @Column({ type: 'integer' })
  revision!: number;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  @Column({ name: 'next_at', type: 'bigint', nullable: true, transformer: asNumber })
  nextAt!: number | null;

  /** Until then one process looks after it. */
  @Column({ name: 'claimed_until', type: 'bigint', transformer: asNumber })
  claimedUntil!: number;

  @Column({ name: 'run_id', type: 'text', nullable: true })
  runId!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  last!: LastFiring | null;

  @Column({ type: 'integer' })
  started!: number;

  @Column({ type: 'integer' })
  missed!: number;
}
