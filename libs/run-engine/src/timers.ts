import { ATTEMPTS_MAX, EFFECT_GRACE_MS, POLICY_WAKE_MS } from './settings.js';
import {
  type Asked,
  type Call,
  type RunState,
  type SessionAsk,
  callsInHand,
  hasEnded,
  isPaused,
  stepOf,
} from './state.js';
import { deadlineOf } from './waiting.js';

/** Names of timers as they stand in `timer.fired.v1`, and ids of effects. */
export const TIMERS = {
  wall: 'wall',
  load: 'session-load',
  save: 'session-save',
  model: (step: number): string => `model-${step}`,
} as const;

/** `fact`: append `timer.fired.v1` when due. `wake`: only decide again. `dueAt` in ms since 1970. */
export interface Timer {
  name: string;
  dueAt: number;
  kind: 'fact' | 'wake';
}

/** When an effect is given up. A claimed call counts from its claim. */
export function dueAtOf(asked: Asked | Call | SessionAsk): number {
  if ('beganAt' in asked && asked.beganAt !== null)
    return asked.beganAt + (asked.limits?.wallMs ?? asked.timeoutMs) + EFFECT_GRACE_MS;
  return asked.notBeforeAt + asked.timeoutMs + EFFECT_GRACE_MS;
}

/** What its timer makes of it, at that time. */
export function overdue(ask: SessionAsk | null, attempt: number, firedAt: number): SessionAsk | null {
  if (ask?.status !== 'requested' || ask.attempt !== attempt || firedAt < dueAtOf(ask)) return ask;
  return { ...ask, status: attempt < ATTEMPTS_MAX ? 'overdue' : 'skipped' };
}

/** Every timer that the run needs now; a new list replaces the old one. `nowMs` only spaces the waking of a run that waits for policy. */
export function timersOf(state: RunState, nowMs: number): Timer[] {
  if (state.status === 'quarantined' || state.status === 'empty') return [];
  const timers: Timer[] = [];
  const effect = (id: string, asked: Asked | Call | SessionAsk): void => {
    const kind = 'beganAt' in asked && asked.beganAt !== null ? 'claim' : 'effect';
    timers.push({ name: `${kind}:${id}:${asked.attempt}`, dueAt: dueAtOf(asked), kind: 'fact' });
  };
  if (state.save?.status === 'requested') effect(TIMERS.save, state.save);
  if (hasEnded(state)) return timers;
  if (state.plan === null && isPaused(state)) return timers;
  if (state.plan === null) return [{ name: 'policy', dueAt: nowMs + POLICY_WAKE_MS, kind: 'wake' }];
  if (!state.wallFired) timers.push({ name: TIMERS.wall, dueAt: deadlineOf(state), kind: 'fact' });
  if (state.load?.status === 'requested') effect(TIMERS.load, state.load);
  const step = stepOf(state);
  if (step?.status === 'requested') effect(TIMERS.model(step.step), step);
  for (const call of step === undefined ? [] : callsInHand(state, step)) {
    if (call.status !== 'requested') continue;
    // A run that carries out a call has its own time.
    if (call.child !== null) continue;
    if (call.wait === null) effect(call.callId, call);
    else timers.push({ name: `wait:${call.callId}:${call.attempt}`, dueAt: call.wait.dueAt, kind: 'fact' });
  }
  for (const { questionId, answer, expiresAt } of Object.values(state.questions))
    if (answer === null && expiresAt !== null)
      timers.push({ name: `question:${questionId}`, dueAt: expiresAt, kind: 'fact' });
  return timers;
}
