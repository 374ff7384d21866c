import type { BundleRef, CallLabels, DecisionRecord, ErrorCode, RunEvent, ToolManifest } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { labelsOf } from './call-labels.js';
import { agentCalled, depthLeft, grantChild, openPurse, type Purse } from './children.js';
import { filledIn, sentArguments } from './handles.js';
import { handedAlready, handoffFault, handoffTo, handOver } from './handoff.js';
import { inlineAnswer } from './inline.js';
import { schemaFaults } from './json-schema.js';
import { limitEvents } from './limits.js';
import { type DecideEnv, authorized } from './policy-view.js';
import { charged, unlessPending } from './quotas.js';
import { approvalQuestion, approvedBy, askedOf, isDoubtful, questionEvents, rejectedBy } from './questions.js';
import { toolOutside } from './regions.js';
import {
  ATTEMPTS_MAX,
  ENGINE_VERSION,
  ENGINE_WITH_LABELS,
  ENGINE_WITH_LIMIT_BEFORE_ROOM,
  QUEUE_WAIT_MS_MAX,
  ROUND_CHARS_MAX,
} from './settings.js';
import { type Call, isSettled, type RunState } from './state.js';
import { waitOf } from './waiting.js';

/** What follows for the calls of the current step: refusals, requests as slots are free, questions, new attempts. */
export function nextCallEvents(state: RunState, calls: readonly Call[], env: DecideEnv): RunEvent[] {
  return unlessPending(env, (asked) => callEvents(state, calls, asked));
}

function callEvents(state: RunState, calls: readonly Call[], env: DecideEnv): RunEvent[] {
  const { limits } = state.plan!;
  const events = questionEvents(state, calls, env);
  let running = calls.filter((call) => holdsSlot(call)).length;
  let dispatched = state.toolCalls;
  let inlineChars = 0;
  let purse: Purse | undefined;
  const limitFirst = (env.engine ?? ENGINE_VERSION) >= ENGINE_WITH_LIMIT_BEFORE_ROOM;
  for (const call of calls) {
    if (inlineChars >= ROUND_CHARS_MAX) break;
    if (handoffTo(state, call.tool) !== null) continue;
    if (call.status === 'overdue' && call.attempt >= ATTEMPTS_MAX && !askedOf(call)) {
      events.push(abandoned(call));
      continue;
    }
    if (isDoubtful(state, call)) continue;
    if (!DECIDABLE.has(call.status) && (call.status !== 'overdue' || askedOf(call))) continue;
    const { event: judged } = judge(state, call, env);
    const runs = judged.type === 'tool.requested' || judged.type === 'tool.inlined';
    const takesSlot = judged.type === 'tool.requested' && judged.wait === undefined;
    if (takesSlot && running >= limits.parallelToolCallsMax) continue;
    const isBeyond = runs && call.attempt === 0 && dispatched >= limits.toolCallsMax;
    if (takesSlot && !(isBeyond && limitFirst) && !hasRoom(state, call, env)) continue;
    if (isBeyond)
      return [
        ...events,
        ...limitEvents(state, { limit: 'toolCalls', value: dispatched + 1, bound: limits.toolCallsMax }),
      ];
    const event = charged(call, judged, env);
    if (event === null) continue;
    const agent = agentCalled(state, call.tool);
    if (agent !== null) purse ??= openPurse(state, calls);
    if (purse && agent !== null && event.type === 'tool.refused') purse.shares -= 1;
    if (event.type === 'tool.requested' || event.type === 'tool.inlined') {
      if (takesSlot) running += 1;
      if (call.attempt === 0) dispatched += 1;
      if (event.type === 'tool.inlined') inlineChars += event.arguments.length + event.result.length;
      else if (purse && agent !== null) event.child = grantChild(state, call.callId, agent, purse, env);
    }
    events.push(event);
  }
  return events.length > 0 ? events : handoffEvents(state, calls, env);
}

/**
 * Handing over comes last: once all other calls are answered under the agent that made them. The first call that is
 * permitted hands the run over, the others are refused.
 */
function handoffEvents(state: RunState, calls: readonly Call[], env: DecideEnv): RunEvent[] {
  const [call, ...others] = calls.filter((one) => !isSettled(one));
  if (call === undefined || !DECIDABLE.has(call.status) || isDoubtful(state, call)) return [];
  if ([call, ...others].some(({ tool }) => handoffTo(state, tool) === null)) return [];
  const { event: judged } = judge(state, call, env);
  const bound = state.plan!.limits.toolCallsMax;
  if (judged.type === 'run.handed-off' && state.toolCalls >= bound)
    return limitEvents(state, { limit: 'toolCalls', value: state.toolCalls + 1, bound });
  const event = charged(call, judged, env);
  if (event?.type !== 'run.handed-off') return event === null ? [] : [event];
  return [event, ...others.map((other) => handedAlready(other, event.agent.id, state))];
}

export function abandoned({ step, callId, attempt }: Call): RunEvent {
  const error = { code: 'TOOL_TIMEOUT' as const, message: `Nobody answered ${attempt} attempts of the call in time.` };
  return { type: 'tool.abandoned', step, callId, attempt, error };
}

export const DECIDABLE: ReadonlySet<Call['status']> = new Set(['proposed', 'approved', 'rejected', 'retry']);

/** A tool that is limited is asked for when there is room; a call whose last attempt may still be under way has its room. */
export function hasRoom(state: RunState, call: Call, { room }: DecideEnv): boolean {
  if (room === undefined || call.status === 'overdue') return true;
  const tool = state.plan!.tools.find(({ name }) => name === call.tool);
  return tool?.concurrentCallsMax === undefined || room(call.tool);
}

/** What waits for a time or a signal holds up nobody. */
const holdsSlot = (call: Call): boolean =>
  (call.status === 'requested' && call.wait === null) || call.status === 'questioned';

/** The error that stands for a refusal. */
function codeOf({ kind, answer }: DecisionRecord): ErrorCode {
  if (kind === 'halt') return 'AGENT_HALTED';
  if (kind === 'quota') return 'QUOTA_EXCEEDED';
  if (kind !== 'approval') return 'TOOL_DENIED';
  return answer?.userId === null ? 'APPROVAL_EXPIRED' : 'APPROVAL_DENIED';
}

const invalidCall = (reason: string, bundle: BundleRef): DecisionRecord => ({
  outcome: 'deny',
  kind: 'invalid',
  rules: [],
  reason: reason.slice(0, 1_000),
  bundle,
});

/** Why a call of the tool cannot be made in this run, whatever policy says of it. */
function unfitFor(state: RunState, tool: ToolManifest): [ErrorCode, DecisionRecord] | null {
  const { bundle } = state.plan!;
  const outside = toolOutside(state, tool, bundle);
  if (outside !== null) return ['REGION_DENIED', outside];
  if (tool.driver.kind === 'agent' && depthLeft(state) < 1)
    return ['LIMIT_DEPTH', invalidCall('Agents are nested as deep as they may be; do without another one.', bundle)];
  const unfit = handoffFault(state, tool);
  return unfit === null ? null : [unfit[0], invalidCall(unfit[1], bundle)];
}

/** Known tool, arguments as its schema has them, a permit for exactly these: anything else is refused. */
export function judge(state: RunState, call: Call, env: DecideEnv): { event: RunEvent } {
  const plan = state.plan!;
  const { step, callId, tool: name } = call;
  const refuse = (code: ErrorCode, decision: DecisionRecord): { event: RunEvent } => ({
    event: {
      type: 'tool.refused',
      step,
      callId,
      tool: name,
      arguments: sentArguments(state, call),
      error: { code, message: decision.reason },
      decision,
    },
  });
  const refuseBy = (decision: DecisionRecord): { event: RunEvent } => refuse(codeOf(decision), decision);
  const invalid = (reason: string): DecisionRecord => invalidCall(reason, plan.bundle);
  const tool = plan.tools.find((manifest) => manifest.name === name);
  if (tool === undefined)
    return refuse(
      'TOOL_UNKNOWN',
      invalid(`The agent has no tool ${name.slice(0, 64)}; it has: ${plan.tools.map((own) => own.name).join(', ')}.`),
    );
  const own = call.arguments === '' ? '{}' : call.arguments;
  const given = parseArguments(own);
  if (given === null) return refuse('TOOL_ARGUMENTS_INVALID', invalid('The arguments are not a JSON object.'));
  const filled = filledIn(state, own, given);
  if (typeof filled === 'string') return refuse('TOOL_ARGUMENTS_INVALID', invalid(`In the arguments ${filled}.`));
  const { args, text } = filled;
  const faults = schemaFaults(tool.parameters, args);
  if (faults.length > 0) {
    // Names in a value that is not shown come from outside, too.
    const which = filled.labels === null ? faults.join('; ') : 'with what its handles stand for';
    return refuse('TOOL_ARGUMENTS_INVALID', invalid(`The arguments do not match the schema of the tool: ${which}`));
  }
  const unfit = unfitFor(state, tool);
  if (unfit !== null) return refuse(...unfit);
  const wait = waitOf(tool, args, env.nowMs);
  if (typeof wait === 'string') return refuse('TOOL_ARGUMENTS_INVALID', invalid(`The call cannot wait: ${wait}.`));
  if (call.status === 'rejected') return refuseBy(rejectedBy(call, plan.bundle));
  const decision = decided(state, call, args, env);
  if (decision.outcome === 'deny') return refuseBy(decision);
  if (tool.driver.kind === 'inline' && decision.outcome === 'permit') {
    const answer = inlineAnswer(tool.driver.expression, tool.limits, text, args);
    return { event: { type: 'tool.inlined', step, callId, tool: name, arguments: text, ...answer, decision } };
  }
  if (tool.driver.kind === 'handoff' && decision.outcome === 'permit')
    return { event: handOver(state, call, tool.driver.agent, text, decision, env) };
  const argumentsHash = sha256Hex(text);
  if (decision.outcome === 'approve') return { event: approvalQuestion(call, decision, argumentsHash, env.nowMs) };
  return {
    event: {
      type: 'tool.requested',
      step,
      callId,
      attempt: call.attempt + 1,
      tool: name,
      arguments: text,
      argumentsHash,
      effect: tool.effect,
      tier: tool.tier,
      limits: tool.limits,
      timeoutMs: wait === null ? tool.limits.wallMs + QUEUE_WAIT_MS_MAX : wait.dueAt - env.nowMs,
      decision,
      ...(wait === null ? {} : { wait }),
    },
  };
}

/** What policy says of the call, by its labels and its arguments; or a person, where policy leaves it to one. */
function decided(
  state: RunState,
  call: Call,
  args: Record<string, unknown>,
  { policy, engine = ENGINE_VERSION }: DecideEnv,
): DecisionRecord {
  const labels = labelsOf(state, call, args);
  const { userId } = state.accepted!.principal;
  const question = { agent: state.plan!.agent.id, tool: call.tool, arguments: args, userId, labels };
  const verdict = authorized(policy, question, call.callId);
  const asks = verdict.outcome === 'approve' || verdict.kind === 'approval';
  const decision = asks && call.approval !== null ? approvedBy(state, call, verdict) : verdict;
  // Not as policy may have them, but as the journal gives them.
  return engine >= ENGINE_WITH_LABELS ? labelled(decision, labels) : decision;
}

/** By the frozen record that policy gives for call after call: what it was made into last. */
const labelledLast = new WeakMap<DecisionRecord, DecisionRecord>();

/** The record with labels; the same frozen object where both are what they were last. */
function labelled(decision: DecisionRecord, labels: CallLabels): DecisionRecord {
  const known = labelledLast.get(decision);
  const isPlain = labels.arguments === undefined && labels.literal === undefined && labels.plain === undefined;
  if (known !== undefined && isPlain && known.labels?.context === labels.context) return known;
  const record = { ...decision, labels };
  if (isPlain && Object.isFrozen(decision)) labelledLast.set(decision, Object.freeze(record));
  return record;
}

function parseArguments(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
