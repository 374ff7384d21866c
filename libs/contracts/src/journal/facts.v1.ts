import { z } from 'zod';
import {
  Count, Message, Millis, NanoUsd, Redactions, RequestId, RunId, RunLimits, Sha256Hex, TenantId, Token, ToolCall, Usage, WireError,
} from '../common.js';
import { BundleRef, DecisionRecord } from '../policy/bundle.v1.js';
import { ToolReceipt } from './receipt.v1.js';

export const Principal = z.object({ keyId: Token, userId: Token });
export type Principal = z.infer<typeof Principal>;

/** The first entry of a run: authenticated, validated and redacted by the guard. */
export const RunAcceptedV1 = z.object({
  runId: RunId,
  tenant: TenantId,
  requestId: RequestId,
  sessionId: Token,
  principal: Principal,
  agent: Token,
  /** New messages of this request; the session's history is loaded from memory. */
  input: z.array(Message).min(1).max(1_000),
  /** Narrows the agent's own limits, never widens them. */
  limits: RunLimits.partial().optional(),
  redactions: Redactions,
  /** Which recognisers cleaned it. */
  ruleset: Token,
  stream: z.boolean(),
  bundle: BundleRef,
  acceptedAt: Millis,
});
/** First and only entry of a run that the guard would not start. */
export const RunRefusedV1 = z.object({ runId: RunId, tenant: TenantId, requestId: RequestId, error: WireError, refusedAt: Millis });
export const CancelRequestedV1 = z.object({ principal: Principal, reason: z.string().max(500), requestedAt: Millis });
export const QuestionAnsweredV1 = z.object({
  principal: Principal,
  questionId: Token,
  choice: z.enum(['retry', 'result', 'fail']),
  /** With `result`: what to take as the tool's result. */
  result: z.string().max(65_536).optional(),
  answeredAt: Millis,
});

export const SessionLoadedV1 = z.object({
  attempt: Count,
  messages: z.array(Message).max(10_000),
  revision: Count,
  loadedAt: Millis,
});
export const SessionSavedV1 = z.object({ attempt: Count, revision: Count, savedAt: Millis });

const modelStep = { step: Count, attempt: Count };
export const ProviderTry = z.object({
  provider: Token,
  upstream: z.string().max(128),
  error: WireError.optional(),
  wallMs: Count,
});
export const ModelCompletedV1 = z.object({
  ...modelStep,
  content: z.string(),
  toolCalls: z.array(ToolCall).max(64),
  finish: z.enum(['stop', 'tool_calls', 'length', 'content_filter']),
  usage: Usage,
  costNanoUsd: NanoUsd,
  provider: Token,
  upstream: z.string().max(128),
  /** True where the provider is the simulation. */
  simulated: z.boolean(),
  tries: z.array(ProviderTry).max(32),
  redactions: Redactions,
  completedAt: Millis,
});
export const ModelFailedV1 = z.object({ ...modelStep, error: WireError, tries: z.array(ProviderTry).max(32), failedAt: Millis });

const toolStep = { callId: Token, attempt: Count };
/** The claim: appended with an expectation before an unsafe tool starts. */
export const ToolBeganV1 = z.object({ ...toolStep, worker: Token, argumentsHash: Sha256Hex, beganAt: Millis });
export const ToolCompletedV1 = z.object({
  ...toolStep,
  result: z.string(),
  /** The result was cut at the tool's output limit. */
  truncated: z.boolean(),
  redactions: Redactions,
  receipt: ToolReceipt,
  completedAt: Millis,
});
export const ToolFailedV1 = z.object({
  ...toolStep,
  error: WireError,
  /** Set when the tool runner itself refused. */
  decision: DecisionRecord.optional(),
  receipt: ToolReceipt.optional(),
  failedAt: Millis,
});
/** `wall`: the run's time is up. `effect:<id>:<attempt>`: nobody answered an effect in time; `claim:<call>:<attempt>`: who claimed a call did not. */
export const TimerFiredV1 = z.object({ timer: z.string().max(128), firedAt: Millis });
