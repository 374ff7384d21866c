import { z } from 'zod';
import { Token } from '../ids.js';
import { PolicyMode } from './rule.js';

/** One policy in Cedar (docs.cedarpolicy.com), as its author wrote it and as enforcement points read it. */
export const CedarPolicy = z.object({
  id: Token,
  /** Exactly one policy, no template. */
  text: z.string().min(1).max(16_384),
  /** For people: why the policy is there. */
  description: z.string().max(500),
  /** As of a rule. */
  mode: PolicyMode.optional(),
  /** The same in Cedar's JSON policy format, made from `text` by the policy service; enforcement points compile this. */
  json: z.record(z.string(), z.unknown()),
});
export type CedarPolicy = z.infer<typeof CedarPolicy>;
