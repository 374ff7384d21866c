import { z } from 'zod';
import { RequestId } from '../ids.js';
import { Millis } from '../units.js';
import { Principal } from './principal.js';

/** Nothing new is decided for the run until it is resumed; what is under way ends and is recorded. */
export const RunPauseRequestedV1 = z.object({
  principal: Principal,
  /** The same request counts once, however late it comes again. */
  requestId: RequestId,
  reason: z.string().max(500),
  requestedAt: Millis,
});
export type RunPauseRequestedV1 = z.infer<typeof RunPauseRequestedV1>;
