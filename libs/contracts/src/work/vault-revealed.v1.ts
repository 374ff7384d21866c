import { z } from 'zod';
import { DataClass } from '../redactions.js';

/** Values sealed for the one call that asked; each token once. */
export const VaultRevealedV1 = z.object({
  items: z.array(z.object({ token: z.string().max(64), class: DataClass, sealed: z.string().max(8_192) })),
});
export type VaultRevealedV1 = z.infer<typeof VaultRevealedV1>;
