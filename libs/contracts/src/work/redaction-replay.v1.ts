import { z } from 'zod';
import { TenantId } from '../ids.js';
import { REDACTION_PATTERNS_MAX, RedactionPattern } from '../policy/redaction-pattern.js';
import { REDACTION_RULES_MAX, RedactionRule } from '../policy/redaction-rule.js';

export const REPLAY_RUNS_MAX = 200;

const Definitions = z.object({
  rules: z.array(RedactionRule).max(REDACTION_RULES_MAX),
  patterns: z.array(RedactionPattern).max(REDACTION_PATTERNS_MAX),
});

/** What other redaction rules would do with what was said in the newest runs of a tenant. */
export const RedactionReplayV1 = z.object({
  tenant: TenantId,
  /** Those in force, and those to hold against them. */
  present: Definitions,
  other: Definitions,
  runs: z.number().int().min(1).max(REPLAY_RUNS_MAX),
});
export type RedactionReplayV1 = z.infer<typeof RedactionReplayV1>;
