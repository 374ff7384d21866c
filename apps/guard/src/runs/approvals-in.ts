import type { RunState } from '@signalbox/run-engine';
import type { AskedApproval } from './run-journal.port.js';

/** The approvals that a run asks for, and those that were given or refused, by question. */
export function approvalsIn(state: RunState): Map<string, AskedApproval> {
  const found = new Map<string, AskedApproval>();
  const manifestOf = (tool: string): AskedApproval['manifest'] =>
    state.plan?.tools.find(({ name }) => name === tool) ?? null;
  for (const { tool, arguments: text, approval } of Object.values(state.calls)) {
    if (approval === null) continue;
    const { questionId, by: yes, terms, granted, userId } = approval;
    const closed = { granted, userId };
    found.set(questionId, { tool, manifest: manifestOf(tool), arguments: text, terms, yes, closed });
  }
  for (const { questionId, callId, approval, yes, answer } of Object.values(state.questions)) {
    if (approval === null) continue;
    const { arguments: text = '' } = state.calls[callId] ?? {};
    const { tool, decision } = approval;
    const closed = answer === null ? null : { granted: answer.choice === 'approve', userId: answer.userId };
    found.set(questionId, { tool, manifest: manifestOf(tool), arguments: text, terms: decision.terms, yes, closed });
  }
  return found;
}
