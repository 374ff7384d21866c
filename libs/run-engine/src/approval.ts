import { sha256Hex } from '@signalbox/kernel';
import { foldJournal } from './evolve.js';
import { sentArguments } from './handles.js';
import type { StoredEntry } from './state.js';

/** What was approved, and who must have done so. */
export interface ApprovedCall {
  callId: string;
  tool: string;
  /** JSON text that is about to be run. */
  arguments: string;
  /** Users who may approve; absent: whoever started the run. */
  approvers?: readonly string[] | undefined;
}

/**
 * Who approved exactly this call, by its journal; null where nobody did. For the one who runs it: the signed answer of the
 * person counts, and not what anybody says about it.
 */
export function approvalOf(
  entries: readonly StoredEntry[],
  wanted: ApprovedCall,
): { questionId: string; userId: string } | null {
  const believed = entries.map((stored) => (stored.seal === 'invalid' ? { ...stored, entry: null } : stored));
  const state = foldJournal(believed);
  const call = state.calls[wanted.callId];
  const { approval } = call ?? { approval: null };
  if (!approval?.granted || approval.userId === null || call?.tool !== wanted.tool) return null;
  const text = sentArguments(state, call);
  if (text !== wanted.arguments) return null;
  const { questionId, userId } = approval;
  const signed = entries.some(
    ({ entry, seal }) =>
      seal === 'verified' &&
      entry?.kind === 'question.answered.v1' &&
      entry.body.questionId === questionId &&
      entry.body.choice === 'approve' &&
      entry.body.principal.userId === userId &&
      entry.body.argumentsHash === sha256Hex(text),
  );
  const approvers = wanted.approvers ?? [state.accepted?.principal.userId];
  return signed && approvers.includes(userId) ? { questionId, userId } : null;
}
