import { type BundleRef, type DecisionRecord, type RunEvent, type RunEventOf, WAIT_MS_MAX } from '@signalbox/contracts';
import { starterOf } from './answers.js';
import { mayApprove, quorumOf } from './authority.js';
import type { DecideEnv } from './policy-view.js';
import type { Call, Question, RunState } from './state.js';
import { waitsFreely } from './waiting.js';

/** What may have happened and may not happen twice is a question, not a retry. */
export const askedOf = (call: Call): boolean => call.effect === 'unsafe' && call.beganAt !== null;

const LOST = 'may have run already: the journal lost its last moments';

/** In a journal that may lack entries even the first request of an unsafe call may be the second. */
export function isDoubtful(state: RunState, call: Call): boolean {
  if (!state.doubt || (call.status !== 'proposed' && call.status !== 'approved')) return false;
  return state.plan?.tools.find(({ name }) => name === call.tool)?.effect === 'unsafe';
}

/** Questions that are answered, or have answered themselves, are closed; calls of unknown outcome are asked about. */
export function questionEvents(state: RunState, calls: readonly Call[], { nowMs, engine }: DecideEnv): RunEvent[] {
  const free = waitsFreely(state, engine);
  const events = Object.values(state.questions).flatMap((question) => closing(state, question, free) ?? []);
  for (const call of calls) {
    const lost = isDoubtful(state, call);
    if (!lost && call.status !== 'unknown' && !(call.status === 'overdue' && askedOf(call))) continue;
    const what = state.doubt ? LOST : 'was begun and never reported back';
    events.push({
      type: 'question.asked',
      questionId: lost ? `q_${call.callId}_lost` : questionIdOf(call),
      callId: call.callId,
      choices: ['retry', 'result', 'fail'],
      question: `The tool ${call.tool} ${what}. It must not run twice by itself: try again, give its result, or count it as failed?`,
      ...(free ? { expiresAt: nowMs + WAIT_MS_MAX } : {}),
    });
  }
  return events;
}

function closing(
  state: RunState,
  { questionId, callId, approval, yes, answer }: Question,
  free: boolean,
): RunEvent | null {
  const type = 'question.closed';
  // A call that reported after all needs no answer any more.
  if (state.calls[callId]?.status !== (approval === null ? 'questioned' : 'approving'))
    return { type, questionId, choice: 'result' };
  if (answer === null) return null;
  const { choice, userId, arguments: edited } = answer;
  return {
    type,
    questionId,
    choice,
    ...(free && userId !== null ? { userId } : {}),
    ...(choice === 'approve' && yes.length > 1 ? { by: yes.map((one) => one.userId) } : {}),
    ...(edited === undefined ? {} : { arguments: edited }),
  };
}

/** Asks for approval of exactly this call. `argumentsHash`: of the text that would be run. */
export function approvalQuestion(
  call: Call,
  decision: DecisionRecord,
  argumentsHash: string,
  nowMs: number,
): RunEventOf<'question.asked'> {
  return {
    type: 'question.asked',
    questionId: call.approval === null ? questionIdOf(call) : `${call.approval.questionId}e`,
    callId: call.callId,
    choices: ['approve', 'deny'],
    question: `${whatIsAsked(call, decision)} ${decision.reason}`.slice(0, 1_000),
    expiresAt: nowMs + (decision.terms?.withinMs ?? 0),
    approval: { tool: call.tool, argumentsHash, decision },
  };
}

function whatIsAsked({ tool, approval }: Call, { terms }: DecisionRecord): string {
  const quorum = quorumOf(terms);
  const who = quorum > 1 ? ` ${quorum} people must agree.` : '';
  const changed = approval === null ? '' : ` User ${approval.userId} changed the arguments.`;
  return `May the tool ${tool} run with exactly these arguments?${changed}${who}`;
}

/** The verdict on a call that people have spoken about, where policy asks for that (`decision`). */
export function approvedBy(state: RunState, call: Call, decision: DecisionRecord): DecisionRecord {
  const { by, userId } = call.approval!;
  if (decision.outcome === 'approve') {
    const { terms } = decision;
    const still = by.filter((yes) => mayApprove(terms, starterOf(state), yes));
    // One who changed the arguments is not enough where several must agree: the others are asked about what it is now.
    if (still.length === by.length && call.asked !== null && by.length < quorumOf(terms)) return decision;
    // The terms may have changed since; a verdict of the past that is looked at again has none.
    if (still.length < quorumOf(terms))
      return spoken(call, { ...decision, outcome: 'deny' }, `User ${userId} may not approve this call any more.`);
  }
  if (decision.outcome === 'deny') return spoken(call, decision, decision.reason);
  const who = by.length > 1 ? `Users ${by.map((yes) => yes.userId).join(', ')}` : `User ${userId}`;
  const what = call.asked === null ? 'approved exactly this call' : 'approved the call with these arguments';
  return spoken(call, { ...decision, outcome: 'permit' }, `${who} ${what}.`);
}

/** The verdict on a call that a person refused, or that nobody approved in time. */
export function rejectedBy(call: Call, bundle: BundleRef): DecisionRecord {
  const { userId } = call.approval!;
  const base = { outcome: 'deny' as const, rules: call.decision?.rules ?? [], bundle };
  return spoken(
    call,
    base,
    userId === null ? 'Nobody approved the call in time.' : `User ${userId} did not approve it.`,
  );
}

function spoken(
  call: Call,
  { outcome, rules, policies, bundle }: Pick<DecisionRecord, 'outcome' | 'rules' | 'policies' | 'bundle'>,
  reason: string,
): DecisionRecord {
  const { questionId, userId, by } = call.approval!;
  const named = policies === undefined ? { rules } : { rules, policies };
  const answer = {
    questionId,
    userId,
    ...(by.length > 1 ? { by: by.map((yes) => yes.userId) } : {}),
    ...(call.asked === null ? {} : { edited: true as const }),
  };
  return { outcome, kind: 'approval', ...named, reason: reason.slice(0, 1_000), bundle, answer };
}

const questionIdOf = (call: Call): string => `q_${call.callId}_${call.attempt}`;
