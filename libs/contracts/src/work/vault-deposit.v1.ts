import { z } from 'zod';
import { TenantId, Token } from '../ids.js';

/** Values found in a model's or a tool's output, for the guard's vault; sealed for the guard alone. */
export const VaultDepositV1 = z.object({
  tenant: TenantId,
  /** The user in whose run they came in: whom they are erased with. Absent: nobody, as a worker of release 0.1 says it. */
  subject: Token.optional(),
  /** `token` is the pseudonym that stands in the text, `sealed` the value encrypted to the guard's public key. */
  items: z
    .array(z.object({ token: z.string().max(64), sealed: z.string().max(4_096) }))
    .min(1)
    .max(1_000),
});
export type VaultDepositV1 = z.infer<typeof VaultDepositV1>;
