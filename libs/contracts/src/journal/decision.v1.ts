import { z } from 'zod';
import { Count, Millis, NanoUsd, RunLimits, Sha256Hex, Token, Usage, WireError } from '../common.js';
import { AgentManifest, BundleRef, DecisionRecord, ModelManifest, ToolEffect, ToolLimits, ToolManifest, ToolTier } from '../policy/bundle.v1.js';

/** What the router decided. Several that follow from one another are one entry of the journal. */
export const RunEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run.started'),
    /** Snapshots: a later change of policy does not change what this run was told. */
    agent: AgentManifest,
    model: ModelManifest,
    tools: z.array(ToolManifest),
    limits: RunLimits,
    bundle: BundleRef,
    deadlineAt: Millis,
  }),
  z.object({ type: z.literal('session.requested'), attempt: Count, timeoutMs: Count }),
  /** Memory did not answer: the run goes on without history, and says so. */
  z.object({ type: z.literal('session.skipped'), reason: z.string().max(500) }),
  z.object({
    type: z.literal('model.requested'),
    step: Count,
    attempt: Count,
    model: Token,
    provider: Token,
    /** Indexes into the run's messages (history, input, then one by one as they came), and the agent's instructions first. */
    recipe: z.object({ messages: Count, tools: z.array(z.string()) }),
    outputTokensMax: Count,
    timeoutMs: Count,
    reason: z.string().max(500),
  }),
  z.object({
    type: z.literal('tool.requested'),
    step: Count,
    callId: Token,
    attempt: Count,
    tool: z.string(),
    arguments: z.string(),
    argumentsHash: Sha256Hex,
    effect: ToolEffect,
    tier: ToolTier,
    limits: ToolLimits,
    timeoutMs: Count,
    decision: DecisionRecord,
  }),
  /** The call is answered with a refusal that the model reads; nothing was dispatched. */
  z.object({
    type: z.literal('tool.refused'),
    step: Count,
    callId: Token,
    tool: z.string(),
    arguments: z.string(),
    error: WireError,
    decision: DecisionRecord,
  }),
  /** Nobody answered any attempt of the call: it is given up, whoever still holds its work must not start it. */
  z.object({ type: z.literal('tool.abandoned'), step: Count, callId: Token, attempt: Count, error: WireError }),
  /** The outcome of an unsafe tool is unknown: a person must say. The run is parked. */
  z.object({
    type: z.literal('question.asked'),
    questionId: Token,
    callId: Token,
    question: z.string().max(1_000),
    choices: z.array(z.enum(['retry', 'result', 'fail'])).min(1),
  }),
  z.object({ type: z.literal('question.closed'), questionId: Token, choice: z.enum(['retry', 'result', 'fail']) }),
  z.object({ type: z.literal('limit.reached'), limit: z.string().max(64), value: z.number(), bound: z.number() }),
  z.object({ type: z.literal('run.completed'), output: z.string(), usage: Usage, costNanoUsd: NanoUsd, steps: Count, toolCalls: Count }),
  z.object({ type: z.literal('run.failed'), error: WireError, usage: Usage, costNanoUsd: NanoUsd }),
  z.object({ type: z.literal('run.cancelled'), reason: z.string().max(500), usage: Usage, costNanoUsd: NanoUsd }),
  z.object({ type: z.literal('session.save-requested'), attempt: Count, timeoutMs: Count }),
]);
export type RunEvent = z.infer<typeof RunEvent>;
export type RunEventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/**
 * One decision of the router. It lands only if its author had read every entry before it
 * (expected sequence), and `head` proves which bytes those were.
 */
export const DecisionV1 = z.object({
  /** Hash chain over every entry of this journal before this one; see `journalHead`. */
  head: Sha256Hex,
  decidedAt: Millis,
  /** Version of the rules of the engine that decided. */
  engine: Count,
  events: z.array(RunEvent).min(1).max(256),
});
export type DecisionV1 = z.infer<typeof DecisionV1>;
