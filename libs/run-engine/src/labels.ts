import { joinLabels, type JournalBody, type Label, mayRead, TRUSTED, unlabelled } from '@signalbox/contracts';
import { callsOf, type RunState, stepOf } from './state.js';

/** The one label raised by the other; itself where that adds nothing, so that origins name what raised it first. */
export function raised(label: Label, by: Label): Label {
  const adds = (by.integrity === 'untrusted' && label.integrity === 'trusted') || !mayRead(label.readers, by);
  return adds ? joinLabels(label, by) : label;
}

/** Of what a run begins with, its session's history apart. */
export function openingLabel({ accepted }: Pick<RunState, 'accepted'>): Label {
  if (accepted === null) return TRUSTED;
  const isOwn = accepted.parent === undefined && accepted.fork === undefined;
  return accepted.label ?? (isOwn ? TRUSTED : unlabelled('input'));
}

/** Of a session's messages; those of a release before labels may be anybody's. */
export function historyLabel({ messages, label }: JournalBody<'session.loaded.v1'>): Label {
  return label ?? (messages.length === 0 ? TRUSTED : unlabelled('session'));
}

/** Of all that a model would read now: what the run began with, and what was answered since. */
export function contextOf(state: RunState): Label {
  const step = stepOf(state);
  if (step === undefined) return raised(openingLabel(state), state.historyLabel);
  return callsOf(state, step).reduce(
    (label, call) => raised(label, call.hidden === null ? call.label : TRUSTED),
    step.label,
  );
}

/** Of what makes the calls of a plan: whoever wrote it, and, below another run, the call that started it. */
export function controlOf(state: RunState): Label {
  return state.accepted?.parent === undefined ? TRUSTED : openingLabel(state);
}
