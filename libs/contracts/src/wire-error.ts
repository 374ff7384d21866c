import { z } from 'zod';
import { ERROR_CODES } from './errors.js';

/** An error as it travels: rebuilt from its code on the other side. */
export const WireError = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string().max(2_000),
  /** Facts for whoever reads it; free of personal data and secrets. */
  details: z.record(z.string(), z.unknown()).optional(),
});
export type WireError = z.infer<typeof WireError>;
