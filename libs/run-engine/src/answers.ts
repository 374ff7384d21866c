import type { JournalEntryOf } from '@signalbox/contracts';
import { keep, report } from './draft.js';
import type { Question, RunState } from './state.js';

export function applyAnswer(draft: RunState, fact: JournalEntryOf<'question.answered.v1'>): void {
  const { questionId, choice, result, principal } = fact.body;
  const question = draft.questions[questionId];
  if (question === undefined) return keep(draft, questionId, fact);
  if (question.answer !== null || !question.choices.includes(choice) || !countsFor(draft, question, fact))
    return report(draft, `answer to ${questionId} ignored`);
  const answer = { choice, result: result ?? '', userId: principal.userId };
  draft.questions = { ...draft.questions, [questionId]: { ...question, answer } };
}

/** In time, and of an approval: by whom it was asked of, and about the arguments that it was asked about. */
function countsFor(
  draft: RunState,
  { expiresAt, approval }: Question,
  { body }: JournalEntryOf<'question.answered.v1'>,
): boolean {
  if (expiresAt !== null && body.answeredAt >= expiresAt) return false;
  if (approval === null) return true;
  return body.argumentsHash === approval.argumentsHash && approversOf(draft, approval).includes(body.principal.userId);
}

/** Who may answer an approval: those that the rules name, else whoever started the run. */
export function approversOf(
  state: RunState,
  { decision }: Pick<NonNullable<Question['approval']>, 'decision'>,
): readonly string[] {
  return decision.terms?.approvers ?? (state.accepted === null ? [] : [state.accepted.principal.userId]);
}

/** Nobody answered: that is a no. */
export function expire(draft: RunState, questionId: string, firedAt: number): void {
  const question = draft.questions[questionId];
  if (question?.answer !== null || question.expiresAt === null || firedAt < question.expiresAt) return;
  const answer = { choice: question.approval === null ? 'fail' : 'deny', result: '', userId: null } as const;
  draft.questions = { ...draft.questions, [questionId]: { ...question, answer } };
}
