import { z } from 'zod';
import { Count, Millis, NanoUsd, Redactions, RequestId, RunId, RunLimits, Sha256Hex, Token, Usage, WireError } from '../common.js';

/** SHA-256 (hex) of the caller's bearer key. */
const KeyDigest = Sha256Hex;
const caller = { keyDigest: KeyDigest };

/** Raw, as people and systems send it: it exists on GATE alone. */
export const RunRequestV1 = z.object({
  ...caller,
  requestId: RequestId,
  agent: Token,
  input: z
    .array(z.object({ role: z.enum(['user', 'assistant', 'system']), content: z.string().max(1_000_000) }))
    .min(1)
    .max(256),
  /** The caller's name for the conversation; runs of one session keep their order. */
  session: z.string().min(1).max(256).optional(),
  /** Continues the session of this run. */
  previousRunId: RunId.optional(),
  /** What is known of the person, so that their own names are found in their texts. */
  profile: z.object({ names: z.array(z.string().min(2).max(128)).max(16) }).optional(),
  limits: RunLimits.partial().optional(),
  stream: z.boolean(),
});
export type RunRequestV1 = z.infer<typeof RunRequestV1>;

export const CancelRequestV1 = z.object({ ...caller, requestId: RequestId, runId: RunId, reason: z.string().max(500) });
export type CancelRequestV1 = z.infer<typeof CancelRequestV1>;

export const ApproveRequestV1 = z.object({
  ...caller,
  requestId: RequestId,
  runId: RunId,
  questionId: Token,
  choice: z.enum(['retry', 'result', 'fail']),
  result: z.string().max(65_536).optional(),
});
export type ApproveRequestV1 = z.infer<typeof ApproveRequestV1>;

export const AuthRequestV1 = z.object(caller);
export const AuthReplyV1 = z.object({
  keyId: Token,
  userId: Token,
  agents: z.array(z.object({ id: Token, description: z.string(), model: Token })),
});
export type AuthReplyV1 = z.infer<typeof AuthReplyV1>;

export const StatusRequestV1 = z.object({ ...caller, runId: RunId });
export const RUN_STATUSES = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'refused'] as const;
export const RunViewV1 = z.object({
  runId: RunId,
  status: z.enum(RUN_STATUSES),
  agent: Token.nullable(),
  model: z.string().nullable(),
  /** Restored: the caller's own data is back in it. */
  output: z.string().nullable(),
  error: WireError.nullable(),
  usage: Usage,
  costNanoUsd: NanoUsd,
  simulated: z.boolean(),
  redactions: Redactions,
  toolCalls: Count,
  denied: Count,
  question: z.object({ questionId: Token, question: z.string(), choices: z.array(z.string()) }).nullable(),
  acceptedAt: Millis.nullable(),
  endedAt: Millis.nullable(),
});
export type RunViewV1 = z.infer<typeof RunViewV1>;

export const WatchRequestV1 = z.object({ ...caller, runId: RunId });
/** Streamed until `end`. Deltas are advisory, the view at the end is the truth. */
export const WatchEventV1 = z.discriminatedUnion('type', [
  z.object({ type: z.literal('delta'), step: Count, attempt: Count, text: z.string() }),
  z.object({ type: z.literal('note'), phase: z.enum(['started', 'step', 'waiting']) }),
  z.object({ type: z.literal('end'), view: RunViewV1 }),
]);
export type WatchEventV1 = z.infer<typeof WatchEventV1>;
