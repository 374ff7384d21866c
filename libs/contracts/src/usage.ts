import { z } from 'zod';
import { Count } from './units.js';

/** Tokens as the provider counted them, or as estimated where it did not. */
export const Usage = z.object({ inputTokens: Count, outputTokens: Count });
export type Usage = z.infer<typeof Usage>;
