import { z } from 'zod';
import { RunId, Sha256Hex, TenantId, Token } from '../ids.js';
import { BundleRef } from '../policy/bundle-ref.js';
import { ToolEffect, ToolLimits, ToolTier } from '../policy/tool-manifest.js';
import { Count, Millis } from '../units.js';

/** A tool call to make. The runner decides again, from its own bundle, before it does. */
export const ToolWorkV1 = z.object({
  runId: RunId,
  tenant: TenantId,
  callId: Token,
  step: Count,
  /** Counts from 1 within the call; a result names the attempt it answers. */
  attempt: Count,
  /** Counts repeated sending of the same attempt. */
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
  /** After this nobody waits for the result. */
  deadlineAt: Millis,
});
export type ToolWorkV1 = z.infer<typeof ToolWorkV1>;
