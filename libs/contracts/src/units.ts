import { z } from 'zod';

export const Count = z.number().int().nonnegative();
/** Milliseconds since 1970. */
export const Millis = z.number().int().nonnegative();
/** Billionths of a US dollar: a token's price is a whole number of them, so sums are exact. */
export const NanoUsd = z.number().int().nonnegative();
