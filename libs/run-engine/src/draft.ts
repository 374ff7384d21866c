import { type JournalEntry, type Redactions, TRUSTED } from '@signalbox/contracts';
import { EARLY_FACTS_MAX, REPORTS_MAX } from './settings.js';
import { type Call, hasEnded, type ModelStep, type Remark, type RunState } from './state.js';

/**
 * A copy of a state to change. What grows with the run is copied at its first change and then changed in place,
 * so that many entries cost one copy. To be closed before anybody else may keep it.
 */
export function openDraft(state: RunState): RunState {
  return { ...state, own: [] };
}

/** From here on the draft is a state like any other: nothing that it points at changes any more. */
export function closeDraft(draft: RunState): RunState {
  draft.own = null;
  return draft;
}

function mine<T extends object>(draft: RunState, shared: T, copy: () => T): T {
  if (draft.own?.includes(shared) === true) return shared;
  const fresh = copy();
  draft.own?.push(fresh);
  return fresh;
}

/** Helpers on a draft: they never change what it shares with the state that it was made of. */
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
  addCall(draft, { ...call, ...change });
}

/** The call itself, not a copy of it. */
export function addCall(draft: RunState, call: Call): void {
  const calls: Record<string, Call> = mine(draft, draft.calls, () => ({ ...draft.calls }));
  calls[call.callId] = call;
  draft.calls = calls;
}

export function putStep(draft: RunState, step: ModelStep, change: Partial<ModelStep>): void {
  const steps = ownSteps(draft);
  steps[steps.findLastIndex((other) => other.step === step.step)] = { ...step, ...change };
}

/** A step that is not there yet; the step itself, not a copy of it. */
export function addStep(draft: RunState, step: ModelStep): void {
  ownSteps(draft).push(step);
}

function ownSteps(draft: RunState): ModelStep[] {
  const steps = mine(draft, draft.steps as ModelStep[], () => [...draft.steps]);
  draft.steps = steps;
  return steps;
}

export function addRemark(draft: RunState, remark: Remark): void {
  const remarks = mine(draft, draft.remarks as Remark[], () => [...draft.remarks]);
  remarks.push(remark);
  draft.remarks = remarks;
}

/** The step of that number; it stands in its place unless an earlier one is missing. */
export function stepNumbered(state: RunState, number: number): ModelStep | undefined {
  const likely = state.steps[number - 1];
  return likely?.step === number ? likely : state.steps.findLast((step) => step.step === number);
}

export function addRedactions(draft: RunState, more: Redactions): void {
  const sum: Redactions = { ...draft.redactions };
  for (const [name, count] of Object.entries(more) as [keyof Redactions, number][])
    sum[name] = (sum[name] ?? 0) + count;
  draft.redactions = sum;
}

/** A call that somebody wants and nobody has judged. */
export function newCall(callId: string, step: number, tool: string, args: string): Call {
  return {
    callId,
    step,
    tool,
    arguments: args,
    status: 'proposed',
    attempt: 0,
    requestedAt: 0,
    notBeforeAt: 0,
    timeoutMs: 0,
    beganAt: null,
    argumentsHash: '',
    effect: 'unsafe',
    tier: 'T3',
    limits: null,
    decision: null,
    wait: null,
    asked: null,
    approval: null,
    child: null,
    result: '',
    error: null,
    label: TRUSTED,
    hidden: null,
  };
}

/** Keeps a fact for what is not decided yet, by its identity. */
export function keep(draft: RunState, identity: string, fact: JournalEntry): void {
  const key = `${fact.kind}:${identity}`;
  if (hasEnded(draft) || key in draft.early) return;
  if (Object.keys(draft.early).length >= EARLY_FACTS_MAX)
    return quarantine(draft, `More than ${EARLY_FACTS_MAX} facts for steps that nobody decided.`);
  draft.early = { ...draft.early, [key]: fact };
}
