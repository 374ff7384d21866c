import type { ChildRun, JournalBody } from '@signalbox/contracts';
import { childRunIdFor } from '@signalbox/contracts';
import { regionsOf } from './regions.js';
import { argumentsLabel, flowOf, outputLabel } from './call-labels.js';
import { sentArguments } from './handles.js';
import type { DecideEnv } from './policy-view.js';
import { DEPTH_MAX, ENGINE_VERSION, ENGINE_WITH_MOVED_DEADLINES } from './settings.js';
import { type Call, isAtRest, isClosed, isSettled, openChildren, type RunState } from './state.js';
import { deadlineFrom } from './waiting.js';

/** The agent that a call of this tool is carried out by; null for all other tools. */
export function agentCalled(state: RunState, tool: string): string | null {
  const driver = state.plan?.tools.find(({ name }) => name === tool)?.driver;
  return driver?.kind === 'agent' ? driver.agent : null;
}

export const depthLeft = (state: RunState): number => state.plan?.limits.depthMax ?? DEPTH_MAX;

/** What of a run's limits may still be given to runs below it, and among how many calls it is to be shared. */
export interface Purse {
  tokens: number;
  costNanoUsd: number;
  toolCalls: number;
  shares: number;
}

/**
 * What is left once everything that was given away is taken off, and one tool call for each of the step that waits.
 * So no sum of what is given can exceed the limits of the run, however the runs below it are spread over time.
 */
export function openPurse(state: RunState, calls: readonly Call[]): Purse {
  const { limits } = state.plan!;
  const given = openChildren(state).map(({ child }) => child!.limits);
  const sum = (of: (limits: ChildRun['limits']) => number): number => given.reduce((total, one) => total + of(one), 0);
  const waiting = calls.filter((call) => call.attempt === 0 && !isSettled(call));
  const used = state.usage.inputTokens + state.usage.outputTokens;
  return {
    tokens: Math.max(0, limits.tokensMax - used - sum((one) => one.tokensMax)),
    costNanoUsd: Math.max(0, limits.costNanoUsdMax - state.costNanoUsd - sum((one) => one.costNanoUsdMax)),
    toolCalls: Math.max(0, limits.toolCallsMax - state.toolCalls - waiting.length - sum((one) => one.toolCallsMax)),
    shares: waiting.filter((call) => agentCalled(state, call.tool) !== null).length,
  };
}

/** Takes an equal share out of the purse for the run of one call, and gives it the time that is left. */
export function grantChild(
  state: RunState,
  callId: string,
  agent: string,
  purse: Purse,
  { nowMs, engine = ENGINE_VERSION }: Pick<DecideEnv, 'nowMs' | 'engine'>,
): ChildRun {
  const share = (left: number): number => Math.floor(left / Math.max(1, purse.shares));
  const [tokens, costNanoUsdMax, toolCallsMax] = [purse.tokens, purse.costNanoUsd, purse.toolCalls].map(share) as [
    number,
    number,
    number,
  ];
  purse.tokens -= tokens;
  purse.costNanoUsd -= costNanoUsdMax;
  purse.toolCalls -= toolCallsMax;
  purse.shares -= 1;
  return {
    runId: childRunIdFor(state.accepted!.runId, callId),
    agent,
    // One token buys no model call: where nothing is left, the run ends with LIMIT_TOKENS at its first step.
    limits: { tokensMax: Math.max(1, tokens), costNanoUsdMax, toolCallsMax, depthMax: depthLeft(state) - 1 },
    deadlineAt: engine >= ENGINE_WITH_MOVED_DEADLINES ? deadlineFrom(state, nowMs) : state.plan!.deadlineAt,
  };
}

/** The run that all began with. */
export const rootOf = ({ accepted }: RunState): string =>
  accepted!.parent?.root ?? accepted!.parent?.runId ?? accepted!.runId;

/** The first entry of the run that carries out a call: the same bytes, whoever writes it, however often. */
export function spawnOf(state: RunState, callId: string): JournalBody<'run.spawned.v1'> {
  const accepted = state.accepted!;
  const call = state.calls[callId]!;
  const child = call.child!;
  const regions = regionsOf(state);
  const { tenant, requestId, sessionId, principal, ruleset, priority } = accepted;
  return {
    runId: child.runId,
    tenant,
    requestId,
    sessionId,
    principal,
    agent: child.agent,
    input: [{ role: 'user', content: questionOf(sentArguments(state, call)) }],
    limits: child.limits,
    redactions: {},
    ruleset,
    stream: false,
    ...(regions === null ? {} : { regions: [...regions] }),
    ...(priority === undefined ? {} : { priority }),
    bundle: call.decision?.bundle ?? state.plan!.bundle,
    acceptedAt: call.requestedAt,
    label: argumentsLabel(flowOf(state, call)),
    parent: { runId: accepted.runId, callId, depth: (accepted.parent?.depth ?? 0) + 1, root: rootOf(state) },
    deadlineAt: child.deadlineAt,
  };
}

/** `{"input": "…"}` asks with that text, anything more with all of it, as JSON. */
function questionOf(args: string): string {
  const value = JSON.parse(args) as Record<string, unknown>;
  const { input, ...others } = value;
  return typeof input === 'string' && Object.keys(others).length === 0 ? input : args;
}

/** What the run below is told when this one is over before it. */
export function parentEndOf(state: RunState): JournalBody<'parent.ended.v1'> {
  const reason = `The run that asked for this one is ${state.status}: ${state.error?.message ?? ''}`;
  return { parentRunId: state.accepted!.runId, reason: reason.slice(0, 500), endedAt: state.endedAt ?? 0 };
}

/**
 * What a run that is over, and all below it, has to tell the one that called it; null while anything goes on, and
 * where nobody called it. One that is `stopped` and in quarantine is over for its caller: it will begin nothing new.
 */
export function childEndOf(state: RunState, stopped = false): JournalBody<'child.ended.v1'> | null {
  const accepted = state.accepted;
  if (accepted?.parent === undefined || !(stopped ? isAtRest(state) : isClosed(state))) return null;
  const { status } = state;
  return {
    callId: accepted.parent.callId,
    attempt: 1,
    childRunId: accepted.runId,
    status: status === 'completed' || status === 'cancelled' ? status : 'failed',
    output: status === 'completed' ? state.output : null,
    label: outputLabel(state),
    error: state.error,
    usage: state.usage,
    costNanoUsd: state.costNanoUsd,
    toolCalls: state.toolCalls,
    // One in quarantine has no end; its start is the same for whoever tells.
    endedAt: state.endedAt ?? accepted.acceptedAt,
  };
}
