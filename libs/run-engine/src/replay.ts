import { type Label, type RunLimits, type RunViewV1, timeOf, type Usage, type WireError } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { openDraft } from './draft.js';
import { entryName } from './entry-names.js';
import { take } from './evolve.js';
import { sentArguments } from './handles.js';
import {
  type Call,
  callsOf,
  isSettled,
  type ModelStep,
  newRun,
  type RunState,
  stepOf,
  type StoredEntry,
} from './state.js';
import { shownStatus, viewOfState } from './view.js';

/** Where a replay stops: with the entry of that sequence, or before the step after that one begins; neither: at the end. */
export interface ReplayEnd {
  seq?: number | undefined;
  step?: number | undefined;
}

/** One entry of a journal, and the run as it stood with it. */
export interface Frame {
  seq: number;
  /** Ms since 1970; null where the entry cannot be read. */
  at: number | null;
  author: string;
  /** What it is and what it is about, or why nobody believed it. */
  what: string;
  status: RunViewV1['status'];
  /** The last that was begun; 0: none. */
  step: number;
  /** Calls of that step that are not answered. */
  openCalls: number;
  usage: Usage;
  costNanoUsd: number;
}

export type ReplayedCall = Pick<Call, 'callId' | 'tool' | 'status' | 'attempt' | 'result' | 'error' | 'label'> & {
  /** JSON text that was run, or would be. */
  arguments: string;
};

export interface ReplayedStep {
  step: number;
  status: ModelStep['status'];
  attempt: number;
  /** What the model said; empty: nothing yet. */
  content: string;
  error: WireError | null;
  /** Of all that its calls come from. */
  label: Label;
  calls: ReplayedCall[];
}

/** A run as it came about, up to an entry. */
export interface Replay {
  /** Of the last entry that was taken. */
  seq: number;
  /** Entries after it. */
  left: number;
  frames: Frame[];
  /** The run as it stood then. */
  view: RunViewV1;
  /** Null before it was started. */
  limits: RunLimits | null;
  steps: ReplayedStep[];
}

/**
 * Folds a journal once more, with the results that it recorded. Hermetic: no model, tool or policy is asked.
 * REQUEST_INVALID where the journal has no such entry or step.
 */
export function replay(entries: readonly StoredEntry[], end: ReplayEnd = {}): Replay {
  const taken = entries.slice(0, Math.min(countTo(entries, end.seq), countBefore(entries, end.step)));
  const state = openDraft(newRun(entries[0]?.subject ?? ''));
  const frames = taken.map((stored) => frameOf(state, stored));
  return {
    seq: state.seq,
    left: entries.length - taken.length,
    frames,
    view: viewOfState(state),
    limits: state.plan?.limits ?? null,
    steps: state.steps.map((step) => replayedStep(state, step)),
  };
}

function countTo(entries: readonly StoredEntry[], seq = Infinity): number {
  const after = entries.findIndex((stored) => stored.seq > seq);
  if (after === 0) throw new MeshError('REQUEST_INVALID', `The journal begins with entry ${entries[0]!.seq}.`);
  return after < 0 ? entries.length : after;
}

function countBefore(entries: readonly StoredEntry[], step: number | undefined): number {
  if (step === undefined) return entries.length;
  const state = openDraft(newRun(entries[0]?.subject ?? ''));
  const after = entries.findIndex((stored) => {
    take(state, stored);
    return begun(state) > step;
  });
  if (after < 0 && begun(state) < step)
    throw new MeshError('REQUEST_INVALID', `The run has ${begun(state)} steps, so it has no step ${step}.`);
  return after < 0 ? entries.length : after;
}

const begun = (state: RunState): number => stepOf(state)?.step ?? 0;

/** Takes the entry. */
function frameOf(state: RunState, stored: StoredEntry): Frame {
  const { seq, entry } = stored;
  const before = state.reportCount;
  take(state, stored);
  const reported =
    state.reportCount > before ? state.reports.findLast((report) => report.seq === seq)?.text : undefined;
  const step = stepOf(state);
  return {
    seq,
    at: entry === null ? null : timeOf(entry),
    author: entry?.author ?? 'engine',
    what: reported ?? (entry === null ? 'an entry was ignored' : entryName(entry)),
    status: shownStatus(state),
    step: begun(state),
    openCalls: step === undefined ? 0 : callsOf(state, step).filter((call) => !isSettled(call)).length,
    usage: state.usage,
    costNanoUsd: state.costNanoUsd,
  };
}

function replayedStep(state: RunState, one: ModelStep): ReplayedStep {
  const { step, status, attempt, content, error, label } = one;
  return {
    step,
    status,
    attempt,
    content,
    error,
    label,
    calls: callsOf(state, one).map((call) => replayedCall(state, call)),
  };
}

function replayedCall(state: RunState, call: Call): ReplayedCall {
  const { callId, tool, status, attempt, result, error, label } = call;
  return { callId, tool, status, attempt, arguments: sentArguments(state, call), result, error, label };
}
