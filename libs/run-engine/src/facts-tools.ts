import { ERRORS, type JournalEntryOf } from '@signalbox/contracts';
import { suspectedLabel } from './call-labels.js';
import { addRedactions, keep, putCall, report } from './draft.js';
import { ATTEMPTS_MAX } from './settings.js';
import { type Call, type RunState, hasEnded, isSettled } from './state.js';

type ToolFact = JournalEntryOf<'tool.began.v1' | 'tool.completed.v1' | 'tool.failed.v1'>;

/** What a worker says of a call. */
export function applyTool(draft: RunState, fact: ToolFact): void {
  const { callId, attempt } = fact.body;
  const call = draft.calls[callId];
  if (call === undefined || attempt > call.attempt) {
    if (call === undefined || !isSettled(call)) keep(draft, `${callId}:${attempt}`, fact);
    return;
  }
  // A run carries it out: no worker has a word in it.
  if (call.child !== null) return report(draft, `ignored: ${fact.kind} for ${callId}, which no worker was given`);
  const open =
    call.status === 'requested' ||
    call.status === 'overdue' ||
    call.status === 'unknown' ||
    call.status === 'questioned';
  // Nobody was asked to run a call that waits.
  if (hasEnded(draft) || attempt !== call.attempt || !open || call.wait !== null) return;
  switch (fact.kind) {
    case 'tool.began.v1':
      // A claim that came while its time ran out starts the time of the tool itself.
      if (call.beganAt === null)
        putCall(draft, call, {
          beganAt: fact.body.beganAt,
          status: call.status === 'overdue' ? 'requested' : call.status,
        });
      return;
    case 'tool.completed.v1':
      addRedactions(draft, fact.body.redactions);
      if (fact.body.suspicion !== undefined) putCall(draft, call, { label: suspectedLabel(call) });
      return putCall(draft, draft.calls[callId]!, { status: 'completed', result: fact.body.result, error: null });
    case 'tool.failed.v1':
      return failTool(draft, call, fact);
  }
}

function failTool(draft: RunState, call: Call, fact: JournalEntryOf<'tool.failed.v1'>): void {
  const { error, decision } = fact.body;
  const started = call.beganAt !== null;
  if (error.code === 'TOOL_OUTCOME_UNKNOWN' && call.effect === 'unsafe') {
    if (call.status !== 'questioned') putCall(draft, call, { status: 'unknown', error });
    return;
  }
  // What was started and may harm is never started again by itself.
  const mayRepeat = call.effect !== 'unsafe' || !started;
  const again = ERRORS[error.code].retry === 'backoff' && call.attempt < ATTEMPTS_MAX && mayRepeat;
  if (decision?.outcome === 'deny' && !again) draft.denied += 1;
  putCall(draft, call, { status: again ? 'retry' : 'failed', error, ...(decision ? { decision } : {}) });
}
