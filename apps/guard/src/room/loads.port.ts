import type { PartitionLoadV1 } from '@signalbox/contracts';

/** How busy the mesh is, as far as it is known here. */
export abstract class LoadsPort {
  /** Null where no router has told of the partition lately. */
  abstract partition(partition: string): PartitionLoadV1 | null;
  /** The partitions of which is known. */
  abstract partitions(): Iterable<PartitionLoadV1>;
  /** How full the streams are that a run of the partition needs, by name; what cannot be learnt is left out. */
  abstract fills(partition: string): Promise<ReadonlyMap<string, number>>;
  /** Called when a partition's load is known anew. */
  abstract onLoad(listener: (partition: string, load: PartitionLoadV1) => void): void;
}
