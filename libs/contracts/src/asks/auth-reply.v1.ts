import { z } from 'zod';
import { Token } from '../ids.js';

/** Who a key is, and which agents it may start. */
export const AuthReplyV1 = z.object({
  keyId: Token,
  userId: Token,
  agents: z.array(z.object({ id: Token, description: z.string(), model: Token })),
});
export type AuthReplyV1 = z.infer<typeof AuthReplyV1>;
