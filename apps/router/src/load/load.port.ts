import type { PartitionLoadV1 } from '@signalbox/contracts';

/** Tells those who admit runs how busy a partition is. */
export abstract class LoadPort {
  abstract tell(partition: string, load: PartitionLoadV1): Promise<void>;
}
