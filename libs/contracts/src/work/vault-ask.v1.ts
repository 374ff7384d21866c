import { z } from 'zod';
import { TenantId, Token } from '../ids.js';

/** Who wants it, as the admin API knows them. */
const by = z.string().min(1).max(128);

/** What operators ask of the vault; never for a value. */
export const VaultAskV1 = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('state'), tenant: TenantId }),
  /** Destroys the keys of a user: what came in in their runs is unreadable for good. */
  z.object({ ask: z.literal('erase'), tenant: TenantId, subject: Token, by }),
  /** Wraps the next keys of subjects with a new key of the tenant; `begin` makes one, unless an earlier change is not done. */
  z.object({ ask: z.literal('rotate'), tenant: TenantId, begin: z.boolean(), by }),
]);
export type VaultAskV1 = z.infer<typeof VaultAskV1>;
