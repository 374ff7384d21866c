import { z } from 'zod';
import { RunId } from '../ids.js';

/** Which run a request under an idempotency key starts, or has started. */
export const ReservationV1 = z.object({
  runId: RunId,
  /** False while the keys' store is away: the run is the same one, but nobody can say whether the request is. */
  checked: z.boolean(),
});
export type ReservationV1 = z.infer<typeof ReservationV1>;
