import { z } from 'zod';
import { RequestId } from '../ids.js';
import { Millis } from '../units.js';
import { Principal } from './principal.js';

/** The run goes on. */
export const RunResumeRequestedV1 = z.object({
  principal: Principal,
  /** The same request counts once, however late it comes again. */
  requestId: RequestId,
  reason: z.string().max(500),
  requestedAt: Millis,
});
export type RunResumeRequestedV1 = z.infer<typeof RunResumeRequestedV1>;
