import { stepNumbered } from './draft.js';
import { type Call, type RunState, hasEnded } from './state.js';

/**
 * May a worker start this attempt of a call now? For the claim: read the journal to its end, fold it, ask this,
 * then append `tool.began.v1` expecting that nothing came after `state.seq`. A conflict means: read and ask again.
 */
export function mayBegin(state: RunState, callId: string, attempt: number): { ok: true } | { ok: false; why: string } {
  const no = (why: string): { ok: false; why: string } => ({ ok: false, why });
  if (state.status === 'quarantined') return no('the run is quarantined');
  if (hasEnded(state)) return no(`the run is ${state.status}`);
  if (state.cancel !== null) return no('the run is to be cancelled');
  const call = state.calls[callId];
  if (call === undefined) return no('nobody asked for this call');
  if (call.attempt !== attempt) return no(`attempt ${call.attempt} is in force`);
  if (call.beganAt !== null) return no('it is claimed already');
  const before = callBefore(state, call);
  if (before !== undefined && before.status !== 'completed') return no(`${before.callId} comes first`);
  if (call.status !== 'requested' && call.status !== 'overdue') return no(`the call is ${call.status}`);
  return { ok: true };
}

/** The call that must be completed before this one begins. */
function callBefore(state: RunState, call: Call): Call | undefined {
  const step = stepNumbered(state, call.step);
  if (step?.sequence !== true) return undefined;
  return state.calls[step.callIds[step.callIds.indexOf(call.callId) - 1] ?? ''];
}
