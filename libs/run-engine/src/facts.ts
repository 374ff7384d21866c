import { callIdOf, ERRORS, type JournalEntry, type JournalEntryOf } from '@signalbox/contracts';
import { applyAnswer, expire } from './answers.js';
import { applyPause, applySignal, ringWait } from './controls.js';
import { addCall, addRedactions, keep, newCall, putCall, putStep, quarantine, report, stepNumbered } from './draft.js';
import { applyChildEnd } from './facts-children.js';
import { applyTool } from './facts-tools.js';
import { applyHold } from './holds.js';
import { historyLabel } from './labels.js';
import { modelAttemptsMax } from './settings.js';
import { type ModelStep, type RunState, type SessionAsk, hasEnded, stepOf } from './state.js';
import { TIMERS, dueAtOf, overdue } from './timers.js';
import { deadlineOf } from './waiting.js';

export type Fact = Exclude<JournalEntry, { kind: 'decision.v1' }>;
type ModelFact = JournalEntryOf<'model.completed.v1'> | JournalEntryOf<'model.failed.v1'>;
type SessionFact = JournalEntryOf<'session.loaded.v1'> | JournalEntryOf<'session.saved.v1'>;

/** Takes one fact into the draft. What is early is kept, what is stale or said before is dropped. */
export function applyFact(draft: RunState, fact: Fact): void {
  switch (fact.kind) {
    case 'run.accepted.v1':
    case 'run.spawned.v1':
      return accept(draft, fact);
    case 'run.refused.v1':
      return refuse(draft, fact);
    case 'run.cancel-requested.v1':
    case 'parent.ended.v1':
      if (!hasEnded(draft) && draft.cancel === null) draft.cancel = { reason: fact.body.reason };
      return;
    case 'run.pause-requested.v1':
    case 'run.resume-requested.v1':
      return applyPause(draft, fact);
    case 'run.signalled.v1':
      return applySignal(draft, fact);
    case 'question.answered.v1':
      return applyAnswer(draft, fact);
    case 'session.loaded.v1':
    case 'session.saved.v1':
      return applySession(draft, fact);
    case 'model.completed.v1':
    case 'model.failed.v1':
      return applyModel(draft, fact);
    case 'tool.began.v1':
    case 'tool.completed.v1':
    case 'tool.failed.v1':
      return applyTool(draft, fact);
    case 'tools.completed.v1':
      for (const body of fact.body.results) applyTool(draft, { ...fact, kind: 'tool.completed.v1', body });
      return;
    case 'timer.fired.v1':
      return applyTimer(draft, fact);
    case 'run.archived.v1':
      return archive(draft);
    case 'run.recovered.v1':
      return recover(draft);
    case 'child.ended.v1':
      if (!applyChildEnd(draft, fact)) keep(draft, fact.body.callId, fact);
      return;
    case 'parent.held.v1':
      return applyHold(draft, fact);
  }
}

/** After a decision: facts that waited for it are applied, in the order in which they came. */
export function applyEarly(draft: RunState): void {
  const waiting = Object.entries(draft.early);
  if (waiting.length === 0) return;
  draft.early = {};
  for (const [, entry] of waiting) if (entry.kind !== 'decision.v1') applyFact(draft, entry);
}

function accept(draft: RunState, fact: JournalEntryOf<'run.accepted.v1'> | JournalEntryOf<'run.spawned.v1'>): void {
  if (draft.status !== 'empty') return report(draft, 'accepted again; the first one holds');
  const body = fact.body;
  if (!draft.subject.endsWith(`.${body.tenant}.${body.runId}`))
    return report(draft, 'accepted under the subject of another run; ignored');
  draft.accepted = body;
  draft.status = 'queued';
  addRedactions(draft, body.redactions);
}

function refuse(draft: RunState, fact: JournalEntryOf<'run.refused.v1'>): void {
  if (draft.status !== 'empty') return report(draft, 'refused after it was accepted; ignored');
  draft.status = 'refused';
  draft.error = fact.body.error;
  draft.endedAt = fact.body.refusedAt;
}

/** A tombstone. Whoever sees it on a run that is not over did not see all of the run, and must not go on from there. */
function archive(draft: RunState): void {
  if (!hasEnded(draft)) quarantine(draft, 'The run left the journal for the archive.');
}

/** Whatever unsafe call was on its way may have been claimed and done, and the claim lost. */
function recover(draft: RunState): void {
  if (draft.accepted === null || hasEnded(draft)) return;
  draft.doubt = true;
  for (const call of Object.values(draft.calls)) {
    const open = call.status === 'requested' || call.status === 'overdue' || call.status === 'retry';
    const byWorker = call.wait === null && call.child === null;
    if (open && byWorker && call.effect === 'unsafe') putCall(draft, call, { status: 'unknown' });
  }
}

function applySession(draft: RunState, fact: SessionFact): void {
  const loading = fact.kind === 'session.loaded.v1';
  const ask = loading ? draft.load : draft.save;
  const { attempt } = fact.body;
  if (ask === null || attempt > ask.attempt) return keep(draft, String(attempt), fact);
  if (ask.status === 'done' || ask.status === 'skipped') return;
  // Saving is idempotent per run: the answer to any attempt will do. So will any load of this run.
  const done: SessionAsk = { ...ask, status: 'done' };
  if (loading) {
    draft.load = done;
    draft.history = fact.body.messages;
    draft.sessionRegions = fact.body.regions ?? null;
    draft.historyLabel = historyLabel(fact.body);
  } else draft.save = done;
}

function charge(draft: RunState, step: ModelStep, fact: JournalEntryOf<'model.completed.v1'>): ModelStep {
  const { attempt, usage, costNanoUsd } = fact.body;
  if (step.charged.includes(attempt)) return step;
  draft.usage = {
    inputTokens: draft.usage.inputTokens + usage.inputTokens,
    outputTokens: draft.usage.outputTokens + usage.outputTokens,
  };
  draft.costNanoUsd += costNanoUsd;
  const charged = { ...step, charged: [...step.charged, attempt] };
  putStep(draft, step, charged);
  return charged;
}

function applyModel(draft: RunState, fact: ModelFact): void {
  const { step: number, attempt } = fact.body;
  const identity = `${number}:${attempt}`;
  let step = stepNumbered(draft, number);
  if (step === undefined || attempt > step.attempt) {
    if (step === undefined || (step.status !== 'completed' && step.status !== 'failed')) keep(draft, identity, fact);
    return;
  }
  // Money that was spent counts, whether the answer is still wanted or not.
  if (fact.kind === 'model.completed.v1') step = charge(draft, step, fact);
  const open = step.status === 'requested' || step.status === 'overdue';
  if (hasEnded(draft) || attempt !== step.attempt || !open) return;
  if (fact.kind === 'model.failed.v1') {
    const again = ERRORS[fact.body.error.code].retry === 'backoff' && attempt < modelAttemptsMax(fact.body.error.code);
    return putStep(draft, step, { status: again ? 'retry' : 'failed', error: fact.body.error });
  }
  const { content, toolCalls, redactions, simulated, upstream, provider } = fact.body;
  const callIds = toolCalls.map((_, index) => callIdOf(number, index));
  putStep(draft, step, { status: 'completed', content, callIds, error: null });
  toolCalls.forEach((call, index) => addCall(draft, newCall(callIds[index]!, number, call.name, call.arguments)));
  addRedactions(draft, redactions);
  draft.simulated ||= simulated;
  draft.upstream = upstream === '' ? provider : upstream;
}

/** Early, late and repeated firing is harmless: a timer counts only if what it guards is open and due. */
function applyTimer(draft: RunState, fact: JournalEntryOf<'timer.fired.v1'>): void {
  const { timer, firedAt } = fact.body;
  if (timer === TIMERS.wall) {
    if (draft.plan !== null && firedAt >= deadlineOf(draft)) draft.wallFired = true;
    return;
  }
  const [kind, id = '', attemptText = ''] = timer.split(':');
  const attempt = Number(attemptText);
  if (id === TIMERS.load) {
    if (draft.load?.status === 'requested' && draft.load.attempt === attempt && firedAt >= dueAtOf(draft.load))
      draft.load = { ...draft.load, status: 'overdue' };
    return;
  }
  if (id === TIMERS.save) {
    draft.save = overdue(draft.save, attempt, firedAt);
    return;
  }
  if (hasEnded(draft)) return;
  if (kind === 'question') return expire(draft, id, firedAt);
  const step = stepOf(draft);
  if (step !== undefined && id === TIMERS.model(step.step)) {
    if (step.status === 'requested' && step.attempt === attempt && firedAt >= dueAtOf(step))
      putStep(draft, step, { status: 'overdue' });
    return;
  }
  const call = draft.calls[id];
  if (call?.status !== 'requested' || call.attempt !== attempt) return;
  if (call.wait !== null) return kind === 'wait' ? ringWait(draft, call, firedAt) : undefined;
  if (firedAt < dueAtOf(call)) return;
  if ((kind === 'claim') === (call.beganAt !== null)) putCall(draft, call, { status: 'overdue' });
}
