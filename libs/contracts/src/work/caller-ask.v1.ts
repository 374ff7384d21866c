import { z } from 'zod';
import { Sha256Hex, Token } from '../ids.js';

/** Who a credential of the admin APIs stands for. Neither the credential travels nor anything personal of a user. */
export const CallerAskV1 = z.discriminatedUnion('kind', [
  /** SHA-256 (hex) of an admin key. */
  z.object({ kind: z.literal('key'), digest: Sha256Hex }),
  z.object({ kind: z.literal('user'), id: Token }),
]);
export type CallerAskV1 = z.infer<typeof CallerAskV1>;
