import { z } from 'zod';
import { Sha256Hex, Token } from '../ids.js';
import { AgentManifest } from '../policy/agent-manifest.js';
import { BundleRef } from '../policy/bundle-ref.js';
import { DecisionRecord } from '../policy/decision-record.js';
import { ModelManifest } from '../policy/model-manifest.js';
import { ToolEffect, ToolLimits, ToolManifest, ToolTier } from '../policy/tool-manifest.js';
import { QuestionChoice } from '../question-choice.js';
import { RunLimits } from '../run-limits.js';
import { Count, Millis, NanoUsd } from '../units.js';
import { Usage } from '../usage.js';
import { WireError } from '../wire-error.js';
import { ChildRun } from './child-run.js';

/** What the run used up; stated at its end, whatever the end. */
const spent = { usage: Usage, costNanoUsd: NanoUsd };
/** `timeoutMs` after it was asked, the session is given up. */
const sessionAsked = { attempt: Count, timeoutMs: Count };

/** What a call waits for instead of a worker: a time, or a signal of that name until then. */
export const CallWait = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('timer'), dueAt: Millis }),
  z.object({ kind: z.literal('signal'), name: Token, dueAt: Millis }),
]);
export type CallWait = z.infer<typeof CallWait>;

/** What the router decided. Several that follow from one another are one entry of the journal. */
export const RunEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run.started'),
    /** Snapshots: a later change of policy does not change what this run was told. */
    agent: AgentManifest,
    model: ModelManifest,
    tools: z.array(ToolManifest),
    /** The agent's own, narrowed by the request. */
    limits: RunLimits,
    bundle: BundleRef,
    /** Regions that nothing of the run may leave, as policy and the request have it; absent: any. */
    regions: z.array(Token).max(32).optional(),
    deadlineAt: Millis,
    /** Time in which the run only waits (for a person, a signal, a timer) moves the deadline. Absent: it does not. */
    waitsFree: z.literal(true).optional(),
  }),
  z.object({ type: z.literal('session.requested'), ...sessionAsked }),
  /** Memory did not answer: the run goes on without history, and says so. */
  z.object({ type: z.literal('session.skipped'), reason: z.string().max(500) }),
  z.object({
    type: z.literal('model.requested'),
    step: Count,
    attempt: Count,
    model: Token,
    provider: Token,
    /**
     * From which the prompt can be built again: its number of messages (instructions, history, input, then all that
     * followed, in this order) and the names of the tools.
     */
    recipe: z.object({ messages: Count, tools: z.array(z.string()) }),
    outputTokensMax: Count,
    timeoutMs: Count,
    /** Why this step, this attempt, this model; for people. */
    reason: z.string().max(500),
  }),
  /** A step of the agent's plan: its calls with the values that their arguments have now. */
  z.object({
    type: z.literal('plan.stepped'),
    step: Count,
    /** Of the step, as the plan names it. */
    id: z.string().max(64),
    /** The calls are made one after the other; absent: at once. */
    order: z.literal('sequence').optional(),
    calls: z
      .array(z.object({ tool: z.string(), arguments: z.string() }))
      .min(1)
      .max(64),
  }),
  z.object({
    type: z.literal('tool.requested'),
    step: Count,
    callId: Token,
    attempt: Count,
    tool: z.string(),
    /** The JSON text that was decided on, and its SHA-256: nothing else may be run under this permit. */
    arguments: z.string(),
    argumentsHash: Sha256Hex,
    effect: ToolEffect,
    tier: ToolTier,
    limits: ToolLimits,
    /** The tool's own limit and the wait for a free worker. */
    timeoutMs: Count,
    decision: DecisionRecord,
    /** Set where no worker is asked: the call is settled by a timer or a signal. */
    wait: CallWait.optional(),
    /** Of a call that another agent carries out: then there is no work, but a run. */
    child: ChildRun.optional(),
  }),
  /** The call was permitted and answered on the spot, by the tool's expression; nothing was dispatched. */
  z.object({
    type: z.literal('tool.inlined'),
    step: Count,
    callId: Token,
    tool: z.string(),
    arguments: z.string(),
    /** JSON text of the value; empty where there is an error. */
    result: z.string(),
    error: WireError.optional(),
    decision: DecisionRecord,
  }),
  /** The call was permitted and answered on the spot: from here on the run is in the hands of another agent. */
  z.object({
    type: z.literal('run.handed-off'),
    step: Count,
    callId: Token,
    tool: z.string(),
    arguments: z.string(),
    decision: DecisionRecord,
    /** Snapshots, as at the start. */
    agent: AgentManifest,
    model: ModelManifest,
    tools: z.array(ToolManifest),
    /** Of the whole run: what is used up, and what the agent's own limits allow beyond; never more than before. */
    limits: RunLimits,
    bundle: BundleRef,
    /** Regions that nothing of the run may leave, as policy and the request have it; absent: any. */
    regions: z.array(Token).max(32).optional(),
    deadlineAt: Millis,
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
  /** The outcome of an unsafe tool is unknown, or a call needs approval: a person must say. The run is parked. */
  z.object({
    type: z.literal('question.asked'),
    questionId: Token,
    callId: Token,
    question: z.string().max(1_000),
    choices: z.array(QuestionChoice).min(1),
    /** Unanswered until then, it counts as answered with `fail` or `deny`. Absent: it stays open. */
    expiresAt: Millis.optional(),
    /** Set where approval is asked for: of this tool with arguments of this SHA-256, and nothing else. */
    approval: z.object({ tool: z.string(), argumentsHash: Sha256Hex, decision: DecisionRecord }).optional(),
  }),
  /** Answered by a person, by time, or by the tool itself after all: then the choice is `result`. */
  z.object({
    type: z.literal('question.closed'),
    questionId: Token,
    choice: QuestionChoice,
    /** Who answered; absent where it was nobody. */
    userId: Token.optional(),
    /** All who agreed, where several had to. */
    by: z.array(Token).max(16).optional(),
    /** JSON text, where whoever approved changed the arguments: what is run in place of what was asked for. */
    arguments: z.string().optional(),
  }),
  /** The calls up to this step lead nowhere; the next prompt carries the text. Once for each such episode. */
  z.object({
    type: z.literal('loop.warned'),
    step: Count,
    pattern: z.enum(['repeat', 'cycle', 'errors']),
    /** The newest calls in a row that show the pattern. */
    calls: Count,
    text: z.string().max(1_000),
  }),
  /** The final answer of this step is not what the agent's output schema asks for; the next prompt names the faults. */
  z.object({ type: z.literal('output.rejected'), step: Count, faults: z.array(z.string().max(500)).min(1).max(8) }),
  z.object({ type: z.literal('limit.reached'), limit: z.string().max(64), value: z.number(), bound: z.number() }),
  z.object({ type: z.literal('run.completed'), output: z.string(), ...spent, steps: Count, toolCalls: Count }),
  z.object({ type: z.literal('run.failed'), error: WireError, ...spent }),
  z.object({
    type: z.literal('run.cancelled'),
    reason: z.string().max(500),
    ...spent,
    /** Set where the kill switch of policy ended it. */
    halt: z.object({ id: Token, bundle: BundleRef }).optional(),
  }),
  z.object({ type: z.literal('session.save-requested'), ...sessionAsked }),
]);
export type RunEvent = z.infer<typeof RunEvent>;
export type RunEventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;
