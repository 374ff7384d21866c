import type { Redactions } from '@signalbox/contracts';
import { REPORTS_MAX } from './settings.js';
import type { Call, ModelStep, RunState } from './state.js';

/** Helpers on a fresh copy of a state: they replace its fields, never what the fields point at. */
export function report(draft: RunState, text: string): void {
  draft.reportCount += 1;
  if (draft.reports.length < REPORTS_MAX) draft.reports = [...draft.reports, { seq: draft.seq, text }];
}

export function quarantine(draft: RunState, why: string): void {
  draft.status = 'quarantined';
  draft.error = { code: 'RUN_QUARANTINED', message: why.slice(0, 2_000) };
  report(draft, why);
}

export function putCall(draft: RunState, call: Call, change: Partial<Call>): void {
  draft.calls = { ...draft.calls, [call.callId]: { ...call, ...change } };
}

export function putStep(draft: RunState, step: ModelStep, change: Partial<ModelStep>): void {
  draft.steps = draft.steps.map((other) => (other.step === step.step ? { ...step, ...change } : other));
}

export function addRedactions(draft: RunState, more: Redactions): void {
  const sum: Redactions = { ...draft.redactions };
  for (const [name, count] of Object.entries(more) as [keyof Redactions, number][])
    sum[name] = (sum[name] ?? 0) + count;
  draft.redactions = sum;
}
