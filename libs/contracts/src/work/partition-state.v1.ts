import { z } from 'zod';
import { Count } from '../units.js';

export const PartitionStateV1 = z.object({
  /** False while it is to be rebuilt: nobody should decide or claim there. */
  whole: z.boolean(),
  /** How often it was rebuilt: a checkpoint of another incarnation says nothing of this one. */
  incarnation: Count,
});
export type PartitionStateV1 = z.infer<typeof PartitionStateV1>;
