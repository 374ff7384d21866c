import { type RunState, sentArguments } from '@signalbox/run-engine';
import type { AskedApproval } from './run-journal.port.js';

/** The approvals that a run asks for, and those that were given or refused, by question. */
export function approvalsIn(state: RunState): Map<string, AskedApproval> {
  const found = new Map<string, AskedApproval>();
  const manifestOf = (tool: string): AskedApproval['manifest'] =>
    state.plan?.tools.find(({ name }) => name === tool) ?? null;
  for (const call of Object.values(state.calls)) {
    const { tool, approval, decision } = call;
    if (approval === null) continue;
    const { questionId, by: yes, terms, granted, userId } = approval;
    const closed = { granted, userId };
    const about = { tool, manifest: manifestOf(tool), arguments: sentArguments(state, call), labels: decision?.labels };
    found.set(questionId, { ...about, terms, yes, closed });
  }
  for (const { questionId, callId, approval, yes, answer } of Object.values(state.questions)) {
    if (approval === null) continue;
    const call = state.calls[callId];
    const { tool, decision } = approval;
    const text = call === undefined ? '' : sentArguments(state, call);
    const closed = answer === null ? null : { granted: answer.choice === 'approve', userId: answer.userId };
    const about = { tool, manifest: manifestOf(tool), arguments: text, labels: decision.labels };
    found.set(questionId, { ...about, terms: decision.terms, yes, closed });
  }
  return found;
}
