import { type JournalEntryOf, unlabelled, type WireError } from '@signalbox/contracts';
import { putCall, report } from './draft.js';
import type { RunState, Spent } from './state.js';

/**
 * The run of a call is over: what it used up is charged, whether its answer is still wanted or not.
 * False: nobody has asked for it yet, the fact is early.
 */
export function applyChildEnd(draft: RunState, fact: JournalEntryOf<'child.ended.v1'>): boolean {
  const { callId, childRunId, usage, costNanoUsd, toolCalls, status, output, error } = fact.body;
  const call = draft.calls[callId];
  if (call === undefined || call.status === 'proposed') return false;
  if (call.child?.runId !== childRunId) {
    report(draft, `ignored: ${childRunId} does not carry out ${callId}`);
    return true;
  }
  if (call.status !== 'requested') return true;
  const spent = { usage, costNanoUsd, toolCalls };
  draft.below = sum(draft.below, spent);
  Object.assign(draft, sum(draft, spent));
  const label = fact.body.label ?? unlabelled(`${callId} ${call.tool}`);
  if (status === 'completed') putCall(draft, call, { status: 'completed', result: output ?? '', error: null, label });
  else putCall(draft, call, { status: 'failed', error: error ?? unexplained(status), label });
  return true;
}

const sum = (a: Spent, b: Spent): Spent => ({
  usage: {
    inputTokens: a.usage.inputTokens + b.usage.inputTokens,
    outputTokens: a.usage.outputTokens + b.usage.outputTokens,
  },
  costNanoUsd: a.costNanoUsd + b.costNanoUsd,
  toolCalls: a.toolCalls + b.toolCalls,
});

const unexplained = (status: string): WireError => ({ code: 'INTERNAL', message: `The run below is ${status}.` });
