import { z } from 'zod';
import { DataClass } from '../redactions.js';
import { Count } from '../units.js';

/** Real values that a call of a tool was given; never the values. */
export const Reveal = z.object({
  class: DataClass,
  /** JSON pointer of the argument. */
  pointer: z.string().max(1_024),
  purpose: z.string().max(200),
  count: Count,
  /** The Cedar policies that permitted it. */
  policies: z.array(z.string()).max(16),
});
export type Reveal = z.infer<typeof Reveal>;
export const Reveals = z.array(Reveal).max(64);
