import { z } from 'zod';
import { Count, Millis } from '../units.js';

/** The vault of a tenant, in numbers. */
export const VaultStateV1 = z.object({
  /** The tenant's key that wraps; null before there was need of one. */
  keyId: z.string().max(64).nullable(),
  keySince: Millis.nullable(),
  /** Older keys of the tenant, still needed. */
  olderKeys: Count,
  /** Subjects whose key is wrapped by an older one. */
  left: Count,
  /** Subjects with a key. */
  subjects: Count,
  /** Keys of subjects that were destroyed. */
  erased: Count,
  values: Count,
  /** Values of before subjects had keys, to be encrypted anew. */
  unkeyed: Count,
  /** Of an erasure: what it destroyed. */
  destroyed: z.object({ keys: Count, values: Count }).optional(),
});
export type VaultStateV1 = z.infer<typeof VaultStateV1>;
