import { z } from 'zod';
import { Count, Millis } from '../units.js';

/**
 * The stream came back shorter than it was, or with other entries, and was rebuilt. Facts that the archive still had are
 * there again before this entry; what happened in the last moments may be missing for ever.
 */
export const RunRecoveredV1 = z.object({
  /** Counts the rebuilds of the partition, from 1. */
  incarnation: Count,
  /** Last sequence of the partition that was as archived. */
  cutSeq: Count,
  /** Facts of this run that were appended again. */
  restored: Count,
  recoveredAt: Millis,
});
export type RunRecoveredV1 = z.infer<typeof RunRecoveredV1>;
