import { z } from 'zod';
import { Sha256Hex } from '../ids.js';
import { Count, Millis } from '../units.js';

/**
 * The tombstone of a run that left the hot stream: all entries before it are in the archive alone. As long as it lies
 * there, nothing can start the run again.
 */
export const RunArchivedV1 = z.object({
  /** Entries before this one, and the hash chain over them. */
  entries: Count,
  head: Sha256Hex,
  archivedAt: Millis,
});
export type RunArchivedV1 = z.infer<typeof RunArchivedV1>;
