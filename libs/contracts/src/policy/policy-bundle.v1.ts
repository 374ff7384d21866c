import { z } from 'zod';
import { Sha256Hex, TenantId, Token } from '../ids.js';
import { Millis } from '../units.js';
import { AgentManifest } from './agent-manifest.js';
import { Waiver } from './base-rules.js';
import { CedarPolicy } from './cedar-policy.js';
import { Delegation } from './delegation.js';
import { Halt } from './halt.js';
import { KeyGrant } from './key-grant.js';
import { ModelManifest } from './model-manifest.js';
import { Quota } from './quota.js';
import { REDACTION_PATTERNS_MAX, RedactionPattern } from './redaction-pattern.js';
import { REDACTION_RULES_MAX, RedactionRule } from './redaction-rule.js';
import { Residency } from './residency.js';
import { Rule } from './rule.js';
import { TenantLimits } from './tenant-limits.js';
import { ToolManifest } from './tool-manifest.js';

/** A draft that is looked at beside what is in force: what it would change. Its definitions are checked by who compiles it. */
export const ShadowDraft = z.object({
  draft: Token,
  changes: z
    .array(
      z.object({
        kind: z.enum(['models', 'tools', 'agents', 'rules', 'policies']),
        id: z.string().max(128),
        /** Null: it is to go. */
        definition: z.record(z.string(), z.unknown()).nullable(),
      }),
    )
    .max(2_000),
});
export type ShadowDraft = z.infer<typeof ShadowDraft>;

/** All that is in force for one tenant. Enforcement points decide from this alone. */
export const PolicyBundleV1 = z.object({
  format: z.literal(1),
  tenant: TenantId,
  /** Only grows; whoever has seen a newer one refuses this. */
  version: z.number().int().min(1),
  /** Hash of the version before, null for the first: two bundles of one version are noticed. */
  parentHash: Sha256Hex.nullable(),
  issuedAt: Millis,
  /** After this everything is denied: a bundle that cannot be renewed must not hold for ever. */
  expiresAt: Millis,
  agents: z.array(AgentManifest).max(1_000),
  tools: z.array(ToolManifest).max(1_000),
  rules: z.array(Rule).max(10_000),
  /** Beside the rules: a forbid or an error of either denies. Absent: none. */
  policies: z.array(CedarPolicy).max(10_000).optional(),
  models: z.array(ModelManifest).max(1_000),
  keys: z.array(KeyGrant).max(10_000),
  /** Absent: nothing is halted. */
  halts: z.array(Halt).max(1_000).optional(),
  /** Rules of the mesh itself that do not hold. Absent: all hold. */
  waivers: z.array(Waiver).max(100).optional(),
  /** Absent: none. */
  quotas: z.array(Quota).max(1_000).optional(),
  /** Who speaks for whom in approvals. Absent: everybody for themselves. */
  delegations: z.array(Delegation).max(1_000).optional(),
  /** Absent: data may go wherever agents and tools take it. */
  residencies: z.array(Residency).max(1_000).optional(),
  /** What is done with classes of data. Absent: their defaults. */
  redactions: z.array(RedactionRule).max(REDACTION_RULES_MAX).optional(),
  /** Classes of the tenant's own. Absent: none. */
  patterns: z.array(RedactionPattern).max(REDACTION_PATTERNS_MAX).optional(),
  /** Absent: no draft is in shadow. */
  shadow: ShadowDraft.optional(),
  /** Of the tenant as a whole. Absent: none but those of the mesh. */
  limits: TenantLimits.optional(),
});
export type PolicyBundleV1 = z.infer<typeof PolicyBundleV1>;
