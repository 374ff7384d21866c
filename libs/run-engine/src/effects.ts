import type { InferWorkV1, RunEvent, SessionLoadV1, SessionSaveV1, ToolWorkV1 } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { flowOf, sessionLabel } from './call-labels.js';
import { stepNumbered } from './draft.js';
import { sentArguments } from './handles.js';
import { messagesOf, promptFor } from './prompt.js';
import { regionsOf, sessionRegionsOf } from './regions.js';
import { HISTORY_MESSAGES_MAX } from './settings.js';
import {
  type Asked,
  type Call,
  type RunState,
  type SessionAsk,
  callsInHand,
  callsOf,
  hasEnded,
  openChildren,
  stepOf,
} from './state.js';
import { TIMERS, dueAtOf } from './timers.js';
import { deadlineOf, isParked } from './waiting.js';

/** An effect that somebody must answer. Its body is built when it is sent, by the builders below. */
export interface AskEffect {
  /** `child`: a run of its own for a call; `child-stop`: end it, for nobody waits for it. */
  kind: 'infer' | 'tool' | 'session-load' | 'session-save' | 'child' | 'child-stop';
  /** `model-<step>`, the call id, `stop-<call id>`, `session-load` or `session-save`. */
  id: string;
  attempt: number;
  /** Not to be sent before, ms since 1970. */
  notBeforeAt: number;
}
export type Effect =
  | AskEffect
  | { kind: 'note'; phase: 'started' | 'step' | 'waiting' | 'ended' }
  /** Whoever works for the run should stop. */
  | { kind: 'cancel'; reason: string };

/** Everything that was decided and that nobody has answered or claimed: what a new owner sends again. */
export function outstanding(state: RunState): AskEffect[] {
  if (state.status === 'quarantined') return [];
  const asks: AskEffect[] = [];
  const ask = (kind: AskEffect['kind'], id: string, { attempt, notBeforeAt }: Asked): void => {
    asks.push({ kind, id, attempt, notBeforeAt });
  };
  if (state.save?.status === 'requested') ask('session-save', TIMERS.save, state.save);
  for (const call of openChildren(state))
    if (hasEnded(state)) ask('child-stop', `stop-${call.callId}`, { ...call, notBeforeAt: 0 });
  if (hasEnded(state)) return asks;
  if (state.load?.status === 'requested') ask('session-load', TIMERS.load, state.load);
  const step = stepOf(state);
  if (step?.status === 'requested') ask('infer', TIMERS.model(step.step), step);
  for (const call of step === undefined ? [] : callsInHand(state, step)) {
    if (call.status !== 'requested' || call.beganAt !== null || call.wait !== null) continue;
    ask(call.child === null ? 'tool' : 'child', call.callId, call);
  }
  return asks;
}

/** Is the effect still wanted? Asked right before it is sent. */
export function isOutstanding(state: RunState, effect: AskEffect): boolean {
  return outstanding(state).some((other) => other.id === effect.id && other.attempt === effect.attempt);
}

/** What a decision sets going: the new asks, one note, and a stop to all work where the run ended before it. */
export function effectsOf(before: RunState, after: RunState, events: readonly RunEvent[]): Effect[] {
  const known = outstanding(before);
  const isNew = (ask: AskEffect): boolean => !known.some(({ id, attempt }) => id === ask.id && attempt === ask.attempt);
  const effects: Effect[] = outstanding(after).filter(isNew);
  const stopped = events.find((event) => event.type === 'run.cancelled' || event.type === 'run.failed');
  if (stopped !== undefined && before.plan !== null) {
    effects.push({
      kind: 'cancel',
      reason: stopped.type === 'run.cancelled' ? stopped.reason : stopped.error.message.slice(0, 500),
    });
  }
  const has = (...types: RunEvent['type'][]): boolean => events.some((event) => types.includes(event.type));
  if (has('run.completed', 'run.failed', 'run.cancelled')) effects.push({ kind: 'note', phase: 'ended' });
  else if (has('question.asked') || isParked(after)) effects.push({ kind: 'note', phase: 'waiting' });
  else if (has('run.started')) effects.push({ kind: 'note', phase: 'started' });
  // Only who hears the run's words live follows its steps.
  else if (after.accepted?.stream === true && !hasEnded(after)) effects.push({ kind: 'note', phase: 'step' });
  return effects;
}

/** The work message of the current model step. `dispatch` counts repeated sending of one attempt, from 1. */
export function inferWork(state: RunState, dispatch: number): InferWorkV1 {
  const accepted = state.accepted!;
  const plan = state.plan!;
  const step = stepOf(state)!;
  return {
    runId: accepted.runId,
    tenant: accepted.tenant,
    step: step.step,
    attempt: step.attempt,
    dispatch,
    agent: plan.agent.id,
    userId: accepted.principal.userId,
    model: plan.model,
    messages: promptFor(state),
    tools: plan.tools
      .filter(({ name }) => step.tools.includes(name))
      .map(({ name, description, parameters }) => ({ name, description, parameters })),
    outputTokensMax: step.outputTokensMax,
    stream: accepted.stream,
    ...regionsIn(regionsOf(state)),
    bundle: plan.bundle,
    deadlineAt: Math.min(step.notBeforeAt + step.timeoutMs, deadlineOf(state)),
  };
}

/** The key that makes a repeated call of an idempotent tool the same call: stable over attempts. */
export function idempotencyKeyOf(runId: string, callId: string): string {
  return sha256Hex(`signalbox.call.v1\0${runId}\0${callId}`);
}

/** The work message of a requested call, and of those that follow it in its sequence. */
export function toolWork(state: RunState, callId: string, dispatch: number): ToolWorkV1 {
  const { runId, tenant, principal } = state.accepted!;
  const plan = state.plan!;
  const call = state.calls[callId]!;
  const next = followersOf(state, call).map((other) => callWork(state, other));
  return {
    runId,
    tenant,
    dispatch,
    agent: plan.agent.id,
    userId: principal.userId,
    tier: call.tier,
    ...regionsIn(regionsOf(state)),
    bundle: call.decision?.bundle ?? plan.bundle,
    ...callWork(state, call),
    ...(next.length > 0 ? { next } : {}),
  };
}

function callWork(state: RunState, call: Call): NonNullable<ToolWorkV1['next']>[number] {
  const { callId, step, attempt, tool, argumentsHash, effect } = call;
  return {
    callId,
    step,
    attempt,
    tool,
    arguments: sentArguments(state, call),
    argumentsHash,
    effect,
    limits: call.limits!,
    idempotencyKey: idempotencyKeyOf(state.accepted!.runId, callId),
    labels: call.decision?.labels ?? flowOf(state, call),
    ...(call.decision?.kind === 'approval' ? { decision: call.decision } : {}),
    deadlineAt: Math.min(call.notBeforeAt + call.timeoutMs, deadlineOf(state)),
  };
}

/** Calls that were asked for to be made behind this one. */
function followersOf(state: RunState, call: Call): Call[] {
  const step = stepNumbered(state, call.step);
  if (step?.sequence !== true) return [];
  const later = callsOf(state, step).slice(step.callIds.indexOf(call.callId) + 1);
  const end = later.findIndex((other) => other.status !== 'requested' || other.tier !== call.tier);
  return end < 0 ? later : later.slice(0, end);
}

function sessionOf({
  accepted,
  plan,
}: RunState): Pick<SessionLoadV1, 'runId' | 'tenant' | 'sessionId' | 'agent' | 'userId'> {
  const { runId, tenant, sessionId, agent, principal } = accepted!;
  return { runId, tenant, sessionId, agent: plan?.agent.id ?? agent, userId: principal.userId };
}

export function sessionLoad(state: RunState): SessionLoadV1 {
  return { ...sessionOf(state), ...askedOnce(state.load), messagesMax: HISTORY_MESSAGES_MAX };
}

export function sessionSave(state: RunState): SessionSaveV1 {
  return {
    ...sessionOf(state),
    ...askedOnce(state.save),
    messages: messagesOf(state),
    ...regionsIn(sessionRegionsOf(state)),
    label: sessionLabel(state),
  };
}

const regionsIn = (regions: readonly string[] | null): { regions?: string[] } =>
  regions === null ? {} : { regions: [...regions] };

const askedOnce = (ask: SessionAsk | null): { attempt: number; deadlineAt?: number } =>
  ask === null ? { attempt: 1 } : { attempt: ask.attempt, deadlineAt: dueAtOf(ask) };
