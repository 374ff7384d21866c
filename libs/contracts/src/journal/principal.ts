import { z } from 'zod';
import { Token } from '../ids.js';

/** Who asked: the key that was shown and the user it belongs to. */
export const Principal = z.object({ keyId: Token, userId: Token });
export type Principal = z.infer<typeof Principal>;
