import { z } from 'zod';
import { Count, Message, Millis, RunId, TenantId, Token } from '../common.js';
import { BundleRef, ModelManifest, ToolManifest } from '../policy/bundle.v1.js';

/** A model call to make. The full prompt travels here; the journal holds only its recipe. */
export const InferWorkV1 = z.object({
  runId: RunId,
  tenant: TenantId,
  step: Count,
  attempt: Count,
  /** Counts repeated sending of the same attempt. */
  dispatch: Count,
  agent: Token,
  model: ModelManifest,
  messages: z.array(Message).min(1),
  tools: z.array(ToolManifest.pick({ name: true, description: true, parameters: true })),
  outputTokensMax: Count,
  /** Deltas are published on the token channel. */
  stream: z.boolean(),
  bundle: BundleRef,
  deadlineAt: Millis,
});
export type InferWorkV1 = z.infer<typeof InferWorkV1>;
