import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

const bigint = { to: (n: number | null) => n, from: (text: string | null) => (text === null ? null : Number(text)) };

/** What a run came to; a projection of its entries, and rebuilt from them at any time. */
@Entity('runs')
@Index(['tenant', 'acceptedAt'])
export class ArchivedRun {
  @PrimaryColumn({ type: 'text' })
  tenant: string;

  @PrimaryColumn({ type: 'text', name: 'run_id' })
  runId: string;

  @Column({ type: 'text' })
  status: string;

  @Column({ type: 'text', nullable: true })
  agent: string | null;

  @Column({ type: 'text', nullable: true })
  model: string | null;

  @Column({ type: 'text', name: 'user_id', nullable: true })
  userId: string | null;

  @Column({ type: 'bigint', name: 'accepted_at', nullable: true, transformer: bigint })
  acceptedAt: number | null;

  @Column({ type: 'bigint', name: 'ended_at', nullable: true, transformer: bigint })
  endedAt: number | null;

  @Column({ type: 'bigint', name: 'input_tokens', transformer: bigint })
  inputTokens: number;

  @Column({ type: 'bigint', name: 'output_tokens', transformer: bigint })
  outputTokens: number;

  @Column({ type: 'bigint', name: 'cost_nano_usd', transformer: bigint })
  costNanoUsd: number;

  @Column({ type: 'integer', name: 'tool_calls' })
  toolCalls: number;

  @Column({ type: 'integer' })
  denied: number;

  @Column({ type: 'boolean' })
  simulated: boolean;

  /** Nothing will happen to it any more: it ended, and its conversation is saved. */
  @Column({ type: 'boolean' })
  closed: boolean;
}
