import { z } from 'zod';
import { Millis, NanoUsd, RunLimits, Sha256Hex, TenantId, Token } from '../common.js';

/** What happens if a tool runs twice: nothing, the same (it takes a key), or harm. */
export const ToolEffect = z.enum(['pure', 'idempotent', 'unsafe']);
export type ToolEffect = z.infer<typeof ToolEffect>;
/** Isolation tier: T0 none (HTTP), T2 namespaces, seccomp and cgroup. T1 and T3 are reserved. */
export const ToolTier = z.enum(['T0', 'T1', 'T2', 'T3']);
export type ToolTier = z.infer<typeof ToolTier>;

/** What one call of a tool may use. */
export const ToolLimits = z.object({
  wallMs: z.number().int().min(10).max(600_000),
  cpuMs: z.number().int().min(10).max(600_000),
  memoryBytes: z.number().int().min(16_777_216).max(8_589_934_592),
  pidsMax: z.number().int().min(1).max(1_024),
  outputBytesMax: z.number().int().min(1).max(1_048_576),
  tmpBytesMax: z.number().int().min(0).max(1_073_741_824),
});
export type ToolLimits = z.infer<typeof ToolLimits>;

export const ToolDriver = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('http'),
    /** Exact host names, or `*.example.com`; with a port where it is not the scheme's own. */
    hosts: z.array(z.string().min(1).max(255)).max(100),
    methods: z.array(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])).min(1),
  }),
  z.object({
    kind: z.literal('code'),
    language: z.enum(['javascript', 'python']),
    /** Names of files in the runner's data folder, readable at /data/<name>. */
    files: z.array(z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/)).max(32),
  }),
]);
export type ToolDriver = z.infer<typeof ToolDriver>;

export const ToolManifest = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
  description: z.string().max(2_000),
  /** JSON Schema of the arguments object. */
  parameters: z.record(z.string(), z.unknown()),
  driver: ToolDriver,
  effect: ToolEffect,
  tier: ToolTier,
  limits: ToolLimits,
});
export type ToolManifest = z.infer<typeof ToolManifest>;

export const AgentManifest = z.object({
  id: Token,
  description: z.string().max(2_000),
  instructions: z.string().max(32_768),
  model: Token,
  tools: z.array(z.string()).max(128),
  limits: RunLimits,
});
export type AgentManifest = z.infer<typeof AgentManifest>;

/** A test on one argument, by its JSON pointer. */
export const RuleCondition = z.object({
  pointer: z.string().regex(/^(\/[^/]*)*$/),
  op: z.enum(['equals', 'oneOf', 'startsWith', 'urlHost', 'atMost']),
  value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
});
export type RuleCondition = z.infer<typeof RuleCondition>;

const Scope = z.union([z.literal('*'), z.array(z.string()).min(1)]);

/** A line of an allowlist. A forbid that matches beats every permit; no permit means denied. */
export const Rule = z.object({
  id: Token,
  effect: z.enum(['permit', 'forbid']),
  agents: Scope,
  tools: Scope,
  when: z.array(RuleCondition).max(16),
  description: z.string().max(500),
});
export type Rule = z.infer<typeof Rule>;

export const ModelManifest = z.object({
  id: Token,
  /** Work pool, and the name of the provider in the inference service. */
  provider: Token,
  /** The provider's own name of the model; absent: the provider's default. */
  upstream: z.string().max(128).optional(),
  inputNanoUsdPerToken: NanoUsd,
  outputNanoUsdPerToken: NanoUsd,
  outputTokensMax: z.number().int().min(1).max(200_000),
  timeoutMs: z.number().int().min(100).max(600_000),
});
export type ModelManifest = z.infer<typeof ModelManifest>;

export const KeyGrant = z.object({
  id: Token,
  /** SHA-256 (hex) of the SHA-256 (hex) of the key: what travels cannot be made from what is stored. */
  digest: Sha256Hex,
  userId: Token,
  agents: Scope,
  expiresAt: Millis.optional(),
});
export type KeyGrant = z.infer<typeof KeyGrant>;

/** All that is in force for one tenant. Enforcement points decide from this alone. */
export const PolicyBundleV1 = z.object({
  format: z.literal(1),
  tenant: TenantId,
  version: z.number().int().min(1),
  parentHash: Sha256Hex.nullable(),
  issuedAt: Millis,
  expiresAt: Millis,
  agents: z.array(AgentManifest).max(1_000),
  tools: z.array(ToolManifest).max(1_000),
  rules: z.array(Rule).max(10_000),
  models: z.array(ModelManifest).max(1_000),
  keys: z.array(KeyGrant).max(10_000),
});
export type PolicyBundleV1 = z.infer<typeof PolicyBundleV1>;

/** As it lies in KV `policy` under `<tenant>.bundle`. `payload` is canonical JSON (RFC 8785). */
export const SignedBundleV1 = z.object({
  payload: z.string().max(900_000),
  hash: Sha256Hex,
  keyId: Token,
  /** Ed25519 over the bytes of `payload`, base64url. */
  signature: z.string().max(128),
});
export type SignedBundleV1 = z.infer<typeof SignedBundleV1>;

export const BundleRef = z.object({ version: z.number().int().min(1), hash: Sha256Hex });
export type BundleRef = z.infer<typeof BundleRef>;

/** Why something was allowed or not; kept in the journal. */
export const DecisionRecord = z.object({
  outcome: z.enum(['permit', 'deny']),
  kind: z.enum(['permit', 'forbid', 'default', 'error', 'invalid']),
  /** The rules that decided; empty for `default`. */
  rules: z.array(z.string()),
  reason: z.string().max(1_000),
  bundle: BundleRef.nullable(),
});
export type DecisionRecord = z.infer<typeof DecisionRecord>;
