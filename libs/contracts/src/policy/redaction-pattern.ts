import { z } from 'zod';
import { Token } from '../ids.js';
import { TenantClass } from '../redactions.js';

export const REDACTION_PATTERNS_MAX = 16;
/** Characters of a pattern as it is written. */
export const PATTERN_TEXT_CHARS_MAX = 200;

/** Data that only this tenant has: order numbers, staff ids. */
export const RedactionPattern = z.object({
  id: Token,
  class: TenantClass,
  /** In the small language of docs/guides/redaction-rules.md: bounded, and case does not matter. */
  pattern: z.string().min(1).max(PATTERN_TEXT_CHARS_MAX),
  /** One of these must stand within the 48 characters before; absent: nothing need to. */
  words: z
    .array(z.string().regex(/^[\p{L}\p{N}]{2,24}$/u, 'must be one word of 2–24 letters and digits'))
    .min(1)
    .max(16)
    .optional(),
  /** What its digits, or letters and digits, must add up to. */
  checksum: z.enum(['luhn', 'mod97']).optional(),
  /** For people: what it finds. */
  description: z.string().max(500).default(''),
});
export type RedactionPattern = z.infer<typeof RedactionPattern>;
