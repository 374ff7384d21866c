import { z } from 'zod';
import { RunId } from '../ids.js';
import { WireError } from '../wire-error.js';

/** What became of a due time. `again`: its run had begun before. `overlap`: the run before is still open. */
export const ScheduleFiredV1 = z.object({
  outcome: z.enum(['started', 'again', 'overlap', 'refused']),
  runId: RunId,
  /** Why it was refused, for good. */
  error: WireError.nullable(),
});
export type ScheduleFiredV1 = z.infer<typeof ScheduleFiredV1>;
