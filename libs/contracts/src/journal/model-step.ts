import { z } from 'zod';
import { Token } from '../ids.js';
import { Count } from '../units.js';
import { WireError } from '../wire-error.js';

/** Which try of which step a result answers; the engine takes one result of each, for ever. */
export const modelStep = { step: Count, attempt: Count };

/** One request to a provider, failed or not; an attempt may need several. */
export const ProviderTry = z.object({
  provider: Token,
  /** The provider's own name of the model. */
  upstream: z.string().max(128),
  /** Absent: this one answered. */
  error: WireError.optional(),
  wallMs: Count,
});
export type ProviderTry = z.infer<typeof ProviderTry>;
