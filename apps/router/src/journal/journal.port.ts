import type { AppendReceipt, FollowOptions, PartitionReader, RunRef } from '@signalbox/bus';
import type { JournalBody, PartitionStateV1 } from '@signalbox/contracts';

/** Journals of runs, as the router reads and writes them. */
export abstract class JournalPort {
  /** Stores a decision only if nothing came after `expectLastSeq`; SEQUENCE_CONFLICT otherwise. */
  abstract decide(run: RunRef, decision: JournalBody<'decision.v1'>, expectLastSeq: number): Promise<AppendReceipt>;
  /** Tells a run that a timer is due. Safe to repeat. */
  abstract fire(run: RunRef, timer: string, firedAt: number): Promise<void>;
  /** Reads a partition in order from `fromSeq` on; see the bus. */
  abstract follow(partition: string, options: FollowOptions): PartitionReader;
  /** Whether the archive finds the partition whole; see the bus. */
  abstract state(partition: string): Promise<PartitionStateV1>;
  abstract size(partition: string): Promise<{ firstSeq: number; lastSeq: number }>;
}
