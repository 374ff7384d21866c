import { z } from 'zod';
import { Sha256Hex } from '../ids.js';

/** The bundle that was in force, by version and hash. */
export const BundleRef = z.object({ version: z.number().int().min(1), hash: Sha256Hex });
export type BundleRef = z.infer<typeof BundleRef>;
