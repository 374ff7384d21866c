import { callIdOf, type RunEvent, type RunEventOf } from '@signalbox/contracts';
import { hiddenOf, resultLabel } from './call-labels.js';
import { takeKept } from './controls.js';
import { addCall, addRemark, addStep, newCall, putCall, putStep, stepNumbered } from './draft.js';
import { contextOf, controlOf } from './labels.js';
import { repairRequest } from './output.js';
import { retryDelayMs } from './settings.js';
import type { Asked, Call, ModelStep, RunState } from './state.js';

/** Takes one event of a decision into the draft. Total: an event that does not fit changes nothing. */
export function applyEvent(draft: RunState, event: RunEvent, decidedAt: number): void {
  switch (event.type) {
    case 'run.started':
      draft.plan = {
        agent: event.agent,
        model: event.model,
        tools: event.tools,
        limits: event.limits,
        bundle: event.bundle,
        startedAt: decidedAt,
        deadlineAt: event.deadlineAt,
        waitsFree: event.waitsFree === true,
        ...(event.regions === undefined ? {} : { regions: event.regions }),
      };
      draft.status = 'running';
      return;
    case 'session.requested':
      draft.load = { ...asked(event.attempt, decidedAt, event.timeoutMs, false), status: 'requested' };
      return;
    case 'session.skipped':
      if (draft.load !== null) draft.load = { ...draft.load, status: 'skipped' };
      return;
    case 'model.requested':
      return requestModel(draft, event, decidedAt);
    case 'plan.stepped':
      return stepPlanned(draft, event, decidedAt);
    case 'run.handed-off':
      return handOff(draft, event, decidedAt);
    case 'tool.requested':
    case 'tool.inlined':
    case 'tool.refused':
    case 'tool.abandoned':
      return applyCallEvent(draft, event, decidedAt);
    case 'question.asked':
    case 'question.closed':
      return applyQuestion(draft, event);
    case 'loop.warned':
      return addRemark(draft, { step: event.step, kind: 'loop', text: event.text });
    case 'output.rejected':
      return addRemark(draft, { step: event.step, kind: 'output', text: repairRequest(event.faults) });
    case 'limit.reached':
      return;
    case 'run.completed':
      draft.output = event.output;
      return end(draft, 'completed', decidedAt);
    case 'run.failed':
      draft.error = event.error;
      return end(draft, 'failed', decidedAt);
    case 'run.cancelled':
      draft.error = { code: 'RUN_CANCELLED', message: event.reason };
      return end(draft, 'cancelled', decidedAt);
    case 'session.save-requested':
      draft.save = { ...asked(event.attempt, decidedAt, event.timeoutMs, false), status: 'requested' };
      return;
  }
}

function asked(attempt: number, decidedAt: number, timeoutMs: number, delayed: boolean): Asked {
  return { attempt, requestedAt: decidedAt, notBeforeAt: decidedAt + (delayed ? retryDelayMs(attempt) : 0), timeoutMs };
}

function end(draft: RunState, status: 'completed' | 'failed' | 'cancelled', decidedAt: number): void {
  draft.status = status;
  draft.endedAt = decidedAt;
  draft.questions = {};
  draft.early = Object.fromEntries(Object.entries(draft.early).filter(([key]) => key.startsWith('session.saved')));
}

function requestModel(draft: RunState, event: RunEventOf<'model.requested'>, decidedAt: number): void {
  const last = stepNumbered(draft, event.step);
  const request = asked(event.attempt, decidedAt, event.timeoutMs, last?.status === 'retry');
  const fresh = {
    ...request,
    status: 'requested' as const,
    outputTokensMax: event.outputTokensMax,
    tools: event.recipe.tools,
    error: null,
  };
  if (last !== undefined) return putStep(draft, last, fresh);
  const step: ModelStep = {
    ...fresh,
    step: event.step,
    content: '',
    label: contextOf(draft),
    callIds: [],
    charged: [],
  };
  addStep(draft, step);
}

/** A step that no model was asked for: its calls are known at once. */
function stepPlanned(draft: RunState, event: RunEventOf<'plan.stepped'>, decidedAt: number): void {
  if (stepNumbered(draft, event.step) !== undefined) return;
  const callIds = event.calls.map((_, index) => callIdOf(event.step, index));
  const step: ModelStep = {
    attempt: 1,
    requestedAt: decidedAt,
    notBeforeAt: decidedAt,
    timeoutMs: 0,
    step: event.step,
    status: 'completed',
    outputTokensMax: 0,
    tools: [],
    error: null,
    content: '',
    label: controlOf(draft),
    callIds,
    charged: [],
  };
  if (event.order !== undefined) step.sequence = true;
  addStep(draft, step);
  event.calls.forEach((call, index) => addCall(draft, newCall(callIds[index]!, event.step, call.tool, call.arguments)));
}

function applyCallEvent(
  draft: RunState,
  event: RunEventOf<'tool.requested' | 'tool.inlined' | 'tool.refused' | 'tool.abandoned'>,
  decidedAt: number,
): void {
  const call = draft.calls[event.callId];
  if (call === undefined) return;
  if (event.type === 'tool.refused') {
    draft.denied += 1;
    return putCall(draft, call, { status: 'refused', error: event.error, decision: event.decision });
  }
  if (event.type === 'tool.abandoned') return putCall(draft, call, { status: 'failed', error: event.error });
  if (event.type === 'tool.inlined') {
    draft.toolCalls += 1;
    const { result, error = null, decision } = event;
    const label = resultLabel(draft, call);
    return addCall(draft, {
      ...call,
      attempt: 1,
      requestedAt: decidedAt,
      notBeforeAt: decidedAt,
      effect: 'pure',
      tier: 'T0',
      status: error === null ? 'completed' : 'failed',
      arguments: said(call, event.arguments),
      decision,
      result,
      error,
      label,
      hidden: hiddenOf(draft, call),
    });
  }
  if (event.attempt === 1) draft.toolCalls += 1;
  if (event.child !== undefined) draft.childCount += 1;
  const { arguments: args, argumentsHash, effect, tier, limits, decision, child = null } = event;
  putCall(draft, call, {
    ...asked(event.attempt, decidedAt, event.timeoutMs, call.error !== null),
    status: 'requested',
    beganAt: null,
    arguments: said(call, args),
    argumentsHash,
    effect,
    tier,
    limits,
    decision,
    wait: event.wait ?? null,
    child,
    error: null,
    label: resultLabel(draft, call),
    hidden: hiddenOf(draft, call),
  });
  if (event.wait !== undefined) takeKept(draft, event.callId);
}

/** Where handles stand for values, the call keeps the words of the model: it must not read the values there. */
const said = (call: Call, sent: string): string => (call.arguments.includes('$ref:') ? call.arguments : sent);

/** All other calls of the step are answered: what comes next is asked of the new agent. */
function handOff(draft: RunState, event: RunEventOf<'run.handed-off'>, decidedAt: number): void {
  const call = draft.calls[event.callId];
  if (call === undefined || draft.plan === null) return;
  const { step, callId, agent, model, tools, limits, bundle, deadlineAt, decision } = event;
  const { regions } = event;
  draft.plan = { ...draft.plan, agent, model, tools, limits, bundle, deadlineAt, ...(regions ? { regions } : {}) };
  draft.handoffs = [...draft.handoffs, { step, callId, agent: agent.id }];
  draft.toolCalls += 1;
  const done = { attempt: 1, requestedAt: decidedAt, notBeforeAt: decidedAt, effect: 'pure' as const };
  const result = JSON.stringify({ note: `The run goes on as agent ${agent.id}.` });
  putCall(draft, call, { ...done, tier: 'T0', status: 'completed', arguments: event.arguments, decision, result });
}

function applyQuestion(draft: RunState, event: RunEventOf<'question.asked' | 'question.closed'>): void {
  if (event.type === 'question.asked') {
    const { questionId, callId, question, choices, expiresAt = null, approval = null } = event;
    const call = draft.calls[callId];
    if (call !== undefined)
      putCall(
        draft,
        call,
        approval === null ? { status: 'questioned' } : { status: 'approving', decision: approval.decision },
      );
    // Who changed the arguments has agreed to them.
    const yes = approval === null ? [] : (call?.approval?.by ?? []);
    const asked = { questionId, callId, question, choices, expiresAt, approval, yes, answer: null };
    draft.questions = { ...draft.questions, [questionId]: asked };
    draft.status = 'waiting';
    return;
  }
  const { [event.questionId]: closed, ...open } = draft.questions;
  draft.questions = open;
  if (Object.keys(open).length === 0) draft.status = 'running';
  const call = closed && draft.calls[closed.callId];
  if (call?.status === 'approving') {
    const granted = event.choice === 'approve';
    const { yes = [], answer, approval: about } = closed ?? {};
    const terms = about?.decision.terms;
    const approval = {
      questionId: event.questionId,
      userId: event.userId ?? null,
      granted,
      by: granted ? yes : [],
      terms,
    };
    const edited = answer?.arguments;
    const change = edited === undefined ? {} : { arguments: edited, asked: call.asked ?? call.arguments };
    return putCall(draft, call, { status: granted ? 'approved' : 'rejected', approval, ...change });
  }
  // The tool may have reported after all: its own word counts more than the answer.
  if (closed === undefined || call?.status !== 'questioned') return;
  if (event.choice === 'result')
    putCall(draft, call, { status: 'completed', result: closed.answer?.result ?? '', error: null });
  else if (event.choice === 'retry') putCall(draft, call, { status: 'retry', error: null });
  else
    putCall(draft, call, {
      status: 'failed',
      error: {
        code: 'TOOL_OUTCOME_UNKNOWN',
        message: 'Whether the tool did its work is unknown; a person decided not to try again.',
      },
    });
}
