import { z } from 'zod';
import { Count } from '../units.js';

/** Said by the router when a run moved on; only a hint to read the journal. */
export const RunNoteV1 = z.object({
  phase: z.enum(['started', 'step', 'waiting', 'ended']),
  /** Sequence in the partition's stream that is worth reading up to; 0: not known. */
  seq: Count,
});
export type RunNoteV1 = z.infer<typeof RunNoteV1>;
