import { z } from 'zod';
import { Message } from '../conversation.js';
import { RunId, TenantId, Token } from '../ids.js';
import { BundleRef } from '../policy/bundle-ref.js';
import { ModelManifest } from '../policy/model-manifest.js';
import { ToolManifest } from '../policy/tool-manifest.js';
import { Count, Millis } from '../units.js';

/** A model call to make. The full prompt travels here; the journal holds only its recipe. */
export const InferWorkV1 = z.object({
  runId: RunId,
  tenant: TenantId,
  step: Count,
  /** Counts from 1 within the step; a result names the attempt it answers. */
  attempt: Count,
  /** Counts repeated sending of the same attempt. */
  dispatch: Count,
  agent: Token,
  /** In whose run it is; absent in work of release 0.1. */
  userId: Token.optional(),
  model: ModelManifest,
  messages: z.array(Message).min(1),
  /** What the model may ask for, and no more than it must know of each. */
  tools: z.array(ToolManifest.pick({ name: true, description: true, parameters: true })),
  /** What the run's budget still allows, at most the model's own bound. */
  outputTokensMax: Count,
  /** Regions that none of it may leave; absent: any. */
  regions: z.array(Token).max(32).optional(),
  /** Deltas are published on the token channel. */
  stream: z.boolean(),
  bundle: BundleRef,
  /** After this nobody waits for the result. */
  deadlineAt: Millis,
});
export type InferWorkV1 = z.infer<typeof InferWorkV1>;
