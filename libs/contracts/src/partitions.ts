/** Number of partitions. Part of every run id, so it never changes for a deployment. */
export const PARTITIONS = 8;
/** Two digits each, as they stand in run ids, subjects and names of streams. */
export const PARTITION_NAMES: readonly string[] = Array.from({ length: PARTITIONS }, (_, n) =>
  String(n).padStart(2, '0'),
);
