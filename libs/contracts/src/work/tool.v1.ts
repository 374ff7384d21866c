import { z } from 'zod';
import { Count, Millis, RunId, Sha256Hex, TenantId, Token } from '../common.js';
import { BundleRef, ToolEffect, ToolLimits, ToolTier } from '../policy/bundle.v1.js';

/** A tool call to make. The runner decides again, from its own bundle, before it does. */
export const ToolWorkV1 = z.object({
  runId: RunId,
  tenant: TenantId,
  callId: Token,
  step: Count,
  attempt: Count,
  dispatch: Count,
  agent: Token,
  userId: Token,
  tool: z.string(),
  /** JSON text of the arguments, with pseudonyms. */
  arguments: z.string(),
  /** SHA-256 of the text of `arguments`. */
  argumentsHash: Sha256Hex,
  effect: ToolEffect,
  tier: ToolTier,
  limits: ToolLimits,
  /** Stable over attempts: SHA-256 of run and call. Handed to idempotent tools. */
  idempotencyKey: Sha256Hex,
  bundle: BundleRef,
  deadlineAt: Millis,
});
export type ToolWorkV1 = z.infer<typeof ToolWorkV1>;
