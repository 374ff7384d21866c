import { type ApprovalTerms, type JournalBody } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { starterOf } from './answers.js';
import { isFresh, mayApprove, quorumOf, type Speaker, speakerOf, type Yes } from './authority.js';
import { foldJournal } from './evolve.js';
import { sentArguments } from './handles.js';
import type { StoredEntry } from './state.js';

/** What was approved, and who must have done so. */
export interface ApprovedCall {
  callId: string;
  tool: string;
  /** JSON text that is about to be run. */
  arguments: string;
  /** What policy asks for now; absent: the agreement of whoever started the run. */
  terms?: ApprovalTerms | undefined;
}

/**
 * Who approved exactly this call, by its journal; null where too few did. For the one who runs it: the signed answers of
 * people count, and not what anybody says about them.
 */
export function approvalOf(
  entries: readonly StoredEntry[],
  wanted: ApprovedCall,
): { questionId: string; userIds: string[] } | null {
  const believed = entries.map((stored) => (stored.seal === 'invalid' ? { ...stored, entry: null } : stored));
  const state = foldJournal(believed);
  const call = state.calls[wanted.callId];
  const { approval } = call ?? { approval: null };
  if (!approval?.granted || call?.tool !== wanted.tool) return null;
  const text = sentArguments(state, call);
  if (text !== wanted.arguments) return null;
  const hash = sha256Hex(text);
  const agreed: Speaker[] = [];
  for (const yes of approval.by) {
    const signed = entries.some(
      ({ entry, seal }) =>
        seal === 'verified' && entry?.kind === 'question.answered.v1' && isYes(entry.body, yes, hash),
    );
    if (signed && isFresh(agreed, yes) && mayApprove(wanted.terms, starterOf(state), yes)) agreed.push(yes);
  }
  if (agreed.length < quorumOf(wanted.terms)) return null;
  return { questionId: approval.questionId, userIds: agreed.map(({ userId }) => userId) };
}

/** The signed words of who agreed, and to these arguments: as they were shown, or as that person made them. */
function isYes(body: JournalBody<'question.answered.v1'>, yes: Yes, hash: string): boolean {
  const { userId, onBehalfOf, roles } = speakerOf(body);
  const agreedTo = body.arguments === undefined ? body.argumentsHash : sha256Hex(body.arguments);
  return (
    body.questionId === yes.questionId &&
    body.choice === 'approve' &&
    agreedTo === hash &&
    userId === yes.userId &&
    onBehalfOf === yes.onBehalfOf &&
    roles.join() === yes.roles.join()
  );
}
