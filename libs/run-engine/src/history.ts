import { ENGINE_VERSION, ENGINE_WITH_NEW_SESSIONS } from './settings.js';
import { isChild, type RunState } from './state.js';

/**
 * The history of its session comes first: not for a run below another, nor for a fork, which brings its own, nor for one
 * with which the session begins.
 */
export function hasHistory(state: RunState, engine = ENGINE_VERSION): boolean {
  const { fork, newSession } = state.accepted!;
  const begins = newSession === true && engine >= ENGINE_WITH_NEW_SESSIONS;
  return !isChild(state) && fork === undefined && !begins;
}
