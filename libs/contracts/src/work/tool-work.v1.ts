import { z } from 'zod';
import { RunId, Sha256Hex, TenantId, Token } from '../ids.js';
import { CallLabels } from '../label.js';
import { BundleRef } from '../policy/bundle-ref.js';
import { DecisionRecord } from '../policy/decision-record.js';
import { ToolEffect, ToolLimits, ToolTier } from '../policy/tool-manifest.js';
import { Count, Millis } from '../units.js';

const call = {
  callId: Token,
  step: Count,
  /** Counts from 1 within the call; a result names the attempt it answers. */
  attempt: Count,
  tool: z.string(),
  /** JSON text of the arguments, with pseudonyms. */
  arguments: z.string(),
  /** SHA-256 of the text of `arguments`. */
  argumentsHash: Sha256Hex,
  effect: ToolEffect,
  limits: ToolLimits,
  /** By what the router let it run, beside the arguments. Absent: a router before labels; the journal gives them. */
  labels: CallLabels.optional(),
  /** Stable over attempts: SHA-256 of run and call. Handed to idempotent tools. */
  idempotencyKey: Sha256Hex,
  /** By what the router let it run, where a person approved it; the journal proves it. */
  decision: DecisionRecord.optional(),
  /** After this nobody waits for the result. */
  deadlineAt: Millis,
};

/** A tool call to make. The runner decides again, from its own bundle, before it does. */
export const ToolWorkV1 = z.object({
  runId: RunId,
  tenant: TenantId,
  /** Counts repeated sending of the same attempt. */
  dispatch: Count,
  agent: Token,
  userId: Token,
  tier: ToolTier,
  /** Regions that nothing of it may leave; absent: any. */
  regions: z.array(Token).max(32).optional(),
  bundle: BundleRef,
  ...call,
  /**
   * Calls that were decided on with it, made one after the other; a failure ends the row. One that has an effect begins
   * once all before it have their results in the journal.
   */
  next: z.array(z.object(call)).max(63).optional(),
});
export type ToolWorkV1 = z.infer<typeof ToolWorkV1>;
