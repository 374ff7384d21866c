import { z } from 'zod';
import { RunId, Token } from '../ids.js';
import { Count } from '../units.js';

/** The call that a run carries out. */
export const RunParent = z.object({
  runId: RunId,
  callId: Token,
  /** The first run of all above this one; absent in journals that do not say it: that of `runId`. */
  root: RunId.optional(),
  /** Runs above this one: 1 where its parent has none. */
  depth: Count,
});
export type RunParent = z.infer<typeof RunParent>;
