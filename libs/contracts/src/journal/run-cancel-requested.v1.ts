import { z } from 'zod';
import { Millis } from '../units.js';
import { Principal } from './principal.js';

export const RunCancelRequestedV1 = z.object({
  principal: Principal,
  reason: z.string().max(500),
  requestedAt: Millis,
});
export type RunCancelRequestedV1 = z.infer<typeof RunCancelRequestedV1>;
