import { z } from 'zod';
import { Token } from '../ids.js';
import { Clearance, Integrity, ReaderClass } from '../label.js';

/** What an argument is to the call: to whom it goes, how much of something, or mere content. */
export const ArgumentRole = z.object({
  /** JSON pointer into the arguments; what lies below it has the same role. */
  pointer: z
    .string()
    .regex(/^(\/[^/]+)+$/)
    .max(256),
  /**
   * `address`: a recipient, account, file or whatever else says where the call acts. `amount`: a quantity or time.
   * `body`: content, which does not decide what the call does.
   */
  role: z.enum(['address', 'amount', 'body']),
  /** Of an amount: no more than this passes by itself. */
  max: z.number().optional(),
  /** Of a body: no more characters than this pass by themselves. */
  charsMax: z.number().int().min(0).max(262_144).optional(),
});
export type ArgumentRole = z.infer<typeof ArgumentRole>;

/** What a manifest says about the flow of information. Whatever is absent counts as the worst case. */
export const toolLabels = {
  /** `trusted`: nobody outside can write into what it returns. Absent: untrusted. */
  source: Integrity.optional(),
  /** Only who belongs to all of these classes may read what it returns; none: anybody may. Absent: `tenant`. */
  sensitivity: z.array(ReaderClass).max(16).optional(),
  /** Whether a call tells somebody outside its arguments. Absent: HTTP tools do, unless the call leaves no choice. */
  egress: z.boolean().optional(),
  /** What those may read whom a call tells its arguments. Absent: what anybody may. */
  readers: Clearance.optional(),
  /** Where the tool keeps and works on what it is given. Absent: nobody knows. */
  regions: z.array(Token).max(32).optional(),
  /** Of arguments; one without a role may decide anything. */
  roles: z.array(ArgumentRole).max(64).optional(),
  /**
   * A call whose addresses stand word for word in trusted input, and whose other arguments do so too or keep within the
   * bounds of their roles, is taken for what the user asked for. Absent: not.
   */
  provenance: z.boolean().optional(),
  /**
   * The model is shown a handle and the shape of a result instead of the result, and may pass the handle on. Fields of
   * these names are told; the names of others may come from outside, and are not. Absent: the result is shown.
   */
  opaque: z.object({ fields: z.array(z.string().min(1).max(64)).max(64).default([]) }).optional(),
};
