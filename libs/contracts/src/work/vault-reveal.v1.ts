import { z } from 'zod';
import { RunId, Sha256Hex, TenantId, Token } from '../ids.js';

export const REVEAL_ITEMS_MAX = 64;

/** Real values for one call of a tool, in place of tokens in its arguments. */
export const VaultRevealV1 = z.object({
  tenant: TenantId,
  runId: RunId,
  callId: Token,
  /** Of the arguments as the journal has them. */
  argumentsHash: Sha256Hex,
  /** Each token with the JSON pointer of the argument that holds it. */
  items: z
    .array(z.object({ token: z.string().max(64), pointer: z.string().max(1_024) }))
    .min(1)
    .max(REVEAL_ITEMS_MAX),
  /** X25519, base64url, made for this call: what is answered opens with its other half alone. */
  replyKey: z.string().max(64),
});
export type VaultRevealV1 = z.infer<typeof VaultRevealV1>;
