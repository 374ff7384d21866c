import { z } from 'zod';
import { PARTITION_NAMES } from '../partitions.js';

/** Asks the archive whether a partition's stream still is what was archived of it. */
export const PartitionCheckV1 = z.object({ partition: z.enum(PARTITION_NAMES as [string, ...string[]]) });
export type PartitionCheckV1 = z.infer<typeof PartitionCheckV1>;
