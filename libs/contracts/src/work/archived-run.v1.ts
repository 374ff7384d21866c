import { z } from 'zod';
import { RunViewV1 } from '../asks/run-view.v1.js';
import { Sha256Hex } from '../ids.js';

/** A run as the archive tells it, not restored. User and session are empty where it was refused. */
export const ArchivedRunV1 = z.object({
  view: RunViewV1,
  userId: z.string(),
  sessionId: z.string(),
  /** Of the request, where it came under an idempotency key. */
  fingerprint: Sha256Hex.nullable(),
});
export type ArchivedRunV1 = z.infer<typeof ArchivedRunV1>;
