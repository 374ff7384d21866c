import { z } from 'zod';

/** All, or those of these names. */
export const Scope = z.union([z.literal('*'), z.array(z.string()).min(1)]);
