import type { AppendReceipt, FollowOptions, PartitionReader, RawEntry, RunRef } from '@signalbox/bus';
import type { JournalBody, PartitionStateV1 } from '@signalbox/contracts';
import type { RunState } from '@signalbox/run-engine';

/** Journals of runs, as the router reads and writes them. */
export abstract class JournalPort {
  /**
   * Stores a decision only if nothing came after `expectLastSeq`; SEQUENCE_CONFLICT otherwise. `onBytes` is told its bytes
   * before it is sent.
   */
  abstract decide(
    run: RunRef,
    decision: JournalBody<'decision.v1'>,
    expectLastSeq: number,
    onBytes: (bytes: Uint8Array) => void,
  ): Promise<AppendReceipt>;
  /** Tells a run that a timer is due. Safe to repeat. */
  abstract fire(run: RunRef, timer: string, firedAt: number): Promise<void>;
  /** The first entry of a run that another one calls; false when its journal began before. */
  abstract spawn(run: RunRef, body: JournalBody<'run.spawned.v1'>): Promise<boolean>;
  /** Tells a run that one it called is over. Safe to repeat. */
  abstract endChild(run: RunRef, body: JournalBody<'child.ended.v1'>): Promise<void>;
  /** Tells a run that the one that called it is over. Safe to repeat. */
  abstract endParent(run: RunRef, body: JournalBody<'parent.ended.v1'>): Promise<void>;
  /** Tells a run that the one that called it is paused, or goes on. Safe to repeat. */
  abstract holdChild(run: RunRef, body: JournalBody<'parent.held.v1'>): Promise<void>;
  /** A run as its journal tells it now, of proven entries alone. */
  abstract fold(run: RunRef): Promise<RunState>;
  /** All entries of one run, in order. */
  abstract read(run: RunRef): Promise<RawEntry[]>;
  /** Reads a partition in order from `fromSeq` on; see the bus. */
  abstract follow(partition: string, options: FollowOptions): PartitionReader;
  /** Whether the archive finds the partition whole; see the bus. */
  abstract state(partition: string): Promise<PartitionStateV1>;
  abstract size(partition: string): Promise<{ firstSeq: number; lastSeq: number }>;
}
