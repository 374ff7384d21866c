import { z } from 'zod';
import { Token } from '../ids.js';
import { CallLabels } from '../label.js';

/** A call, and what policy must say of it. Kept beside the policies, and run before any change is in force. */
export const PolicyTest = z.object({
  id: Token,
  /** For people: what would be wrong if this failed. */
  description: z.string().max(500).default(''),
  agent: Token,
  tool: z.string().min(1).max(64),
  /** What the model calls the tool with. */
  arguments: z.record(z.string(), z.unknown()).default({}),
  /** Who started the run. */
  userId: Token,
  /** What led to the call; absent: trusted words alone, which anybody may read. */
  labels: CallLabels.optional(),
  expect: z.object({
    outcome: z.enum(['permit', 'deny', 'approve']),
    /** All rules and policies that must have decided it; absent: whichever. */
    by: z.array(z.string().min(1).max(128)).min(1).max(16).optional(),
  }),
});
export type PolicyTest = z.infer<typeof PolicyTest>;
