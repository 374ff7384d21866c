import { type Label, type Message, PREFIX_BYTES_MAX, PREFIX_MESSAGES_MAX } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { openDraft, stepNumbered } from './draft.js';
import { take } from './evolve.js';
import { contextOf } from './labels.js';
import { heardBy } from './prompt.js';
import { hasHistory } from './history.js';
import { callsOf, isSettled, newRun, type RunState, type StoredEntry } from './state.js';

export const PLANS_DO_NOT_FORK = 'A run that follows a plan cannot be forked: it asks no model.';

/** A conversation as it stood at one entry of a journal. */
export interface Prefix {
  seq: number;
  /** Hash chain up to and with that entry. */
  head: string;
  messages: Message[];
  /** Of the messages. */
  label: Label;
}

/**
 * What the model of a run would read after the step of that number, at the first entry with which all its calls were
 * settled; 0: before the first step. Hermetic: nothing is asked or run again.
 * REQUEST_INVALID where the run has not come so far or follows a plan, REQUEST_TOO_LARGE where it said too much.
 */
export function prefixAt(entries: readonly StoredEntry[], step: number): Prefix {
  const state = openDraft(newRun(entries[0]?.subject ?? ''));
  for (const stored of entries) {
    take(state, stored);
    if (state.plan?.agent.plan !== undefined) throw new MeshError('REQUEST_INVALID', PLANS_DO_NOT_FORK);
    if (!isAfter(state, step)) continue;
    // What the engine may have remarked on the step in the same breath is left to the rules of the new run.
    const remarks = state.remarks.filter((remark) => remark.step < step);
    return {
      seq: state.seq,
      head: state.head,
      messages: bounded(heardBy({ ...state, remarks })),
      label: contextOf(state),
    };
  }
  const steps = state.steps.filter((one) => isAfter(state, one.step)).length;
  throw new MeshError(
    'REQUEST_INVALID',
    `The run has ${steps} completed steps, so it cannot be forked after ${step}.`,
    {
      details: { steps },
    },
  );
}

function isAfter(state: RunState, step: number): boolean {
  if (state.plan === null) return false;
  if (step === 0) return !hasHistory(state) || state.load?.status === 'done' || state.load?.status === 'skipped';
  const found = stepNumbered(state, step);
  return found?.status === 'completed' && callsOf(state, found).every(isSettled);
}

function bounded(messages: Message[]): Message[] {
  const bytes = Buffer.byteLength(JSON.stringify(messages));
  if (messages.length <= PREFIX_MESSAGES_MAX && bytes <= PREFIX_BYTES_MAX) return messages;
  const bounds = `at most ${PREFIX_MESSAGES_MAX} messages, ${PREFIX_BYTES_MAX} bytes`;
  throw new MeshError(
    'REQUEST_TOO_LARGE',
    `The conversation up to there is too long for a fork: ${messages.length} messages, ${bytes} bytes; ${bounds}.`,
  );
}
