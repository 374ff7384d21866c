import type { JournalEntryOf } from '@signalbox/contracts';
import { isFresh, mayApprove, quorumOf, rightOf, speakerOf } from './authority.js';
import { keep, report } from './draft.js';
import { schemaFaults } from './json-schema.js';
import type { Question, RunState } from './state.js';

type Answered = JournalEntryOf<'question.answered.v1'>;

export function applyAnswer(draft: RunState, fact: Answered): void {
  const { questionId, choice, result, principal } = fact.body;
  const question = draft.questions[questionId];
  if (question === undefined) return keep(draft, questionId, fact);
  const fault = faultOf(draft, question, fact.body);
  if (fault !== null) return report(draft, `answer to ${questionId} ignored: ${fault}`);
  const change = (more: Partial<Question>): void => {
    draft.questions = { ...draft.questions, [questionId]: { ...question, ...more } };
  };
  const answer = { choice, result: result ?? '', userId: principal.userId };
  if (question.approval === null || choice !== 'approve') return change({ answer });
  const yes = { ...speakerOf(fact.body), questionId };
  // Those who agreed before agreed to other arguments.
  if (fact.body.arguments !== undefined)
    return change({ yes: [yes], answer: { ...answer, arguments: fact.body.arguments } });
  const all = [...question.yes, yes];
  change(all.length >= quorumOf(question.approval.decision.terms) ? { yes: all, answer } : { yes: all });
}

/** Why an answer counts for nothing: late, not asked for, by somebody else, about something else. Null: it counts. */
export function faultOf(state: RunState, question: Question, body: Answered['body']): string | null {
  const { expiresAt, approval, choices, answer, yes } = question;
  if (answer !== null) return 'the question is answered';
  if (!choices.includes(body.choice)) return 'it is none of the choices';
  if (expiresAt !== null && body.answeredAt >= expiresAt) return 'it came too late';
  if (approval === null) return null;
  if (body.argumentsHash !== approval.argumentsHash) return 'it is about other arguments';
  const speaker = speakerOf(body);
  if (!mayApprove(approval.decision.terms, starterOf(state), speaker)) return `${speaker.userId} may not answer it`;
  if (body.choice !== 'approve') return null;
  if (!isFresh(yes, speaker)) return `${speaker.userId}, or ${rightOf(speaker)}, has agreed already`;
  return body.arguments === undefined ? null : editFault(state, approval.tool, body.arguments);
}

/** Why these arguments cannot take the place of those that were asked about. */
export function editFault(state: RunState, tool: string, text: string): string | null {
  const manifest = state.plan?.tools.find(({ name }) => name === tool);
  if (manifest === undefined) return 'the agent has no such tool any more';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'the arguments are no JSON';
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return 'the arguments are no JSON object';
  const faults = schemaFaults(manifest.parameters, value);
  return faults.length === 0 ? null : `the arguments do not match the schema of the tool: ${faults.join('; ')}`;
}

export const starterOf = ({ accepted }: RunState): string => accepted?.principal.userId ?? '';

/** Users that the terms name, or whoever started the run where they name nobody. */
export function approversOf(
  state: RunState,
  { decision }: Pick<NonNullable<Question['approval']>, 'decision'>,
): readonly string[] {
  const { approvers, roles } = decision.terms ?? {};
  if (approvers !== undefined || roles !== undefined) return approvers ?? [];
  return state.accepted === null ? [] : [state.accepted.principal.userId];
}

/** Nobody answered, or too few: that is a no. */
export function expire(draft: RunState, questionId: string, firedAt: number): void {
  const question = draft.questions[questionId];
  if (question?.answer !== null || question.expiresAt === null || firedAt < question.expiresAt) return;
  const answer = { choice: question.approval === null ? 'fail' : 'deny', result: '', userId: null } as const;
  draft.questions = { ...draft.questions, [questionId]: { ...question, answer } };
}
