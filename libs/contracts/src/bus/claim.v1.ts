import { z } from 'zod';
import { Sha256Hex } from '../ids.js';
import { Count } from '../units.js';

/** What travels instead of a body above CLAIM_CHECK_BYTES: the object's name, and what its content must be. */
export const ClaimV1 = z.strictObject({
  $claim: z.object({
    /** `<tenant>/<sha256>`; in journals `<tenant>/<run>/<sha256>`, for it goes with its run. */
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,31}(\/run_[A-Za-z0-9_-]{1,60})?\/[0-9a-f]{64}$/, 'must be a tenant, a run, a SHA-256'),
    sha256: Sha256Hex,
    bytes: Count,
  }),
});
export type ClaimV1 = z.infer<typeof ClaimV1>;
