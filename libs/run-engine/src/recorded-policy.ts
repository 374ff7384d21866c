import type { DecisionRecord, DecisionV1, RunEvent, RunEventOf } from '@signalbox/contracts';
import { canonicalJson } from '@signalbox/kernel';
import { callIdOf } from './draft.js';
import { sentArguments } from './handles.js';
import { handoffTo } from './handoff.js';
import { withoutQuotas } from './quotas.js';
import type { AuthorizeQuestion, Halted, PolicyView, Resolution } from './policy-view.js';
import type { RunState } from './state.js';

type Judged = Extract<RunEvent, { type: 'tool.requested' | 'tool.inlined' | 'tool.refused' | 'run.handed-off' }>;

const keyOf = (tool: string, args: unknown): string => `${tool}\0${canonicalJson(args)}`;

/** Null where the arguments are no JSON: such a call is refused before the policy is asked. */
function keyOfJudged({ tool, arguments: text }: Pick<Judged, 'tool' | 'arguments'>): string | null {
  try {
    return keyOf(tool, JSON.parse(text === '' ? '{}' : text));
  } catch {
    return null;
  }
}

function resolution(before: RunState, { events }: DecisionV1, agentId: string): Resolution {
  for (const event of events) {
    if (event.type === 'run.started' || (event.type === 'run.handed-off' && event.agent.id === agentId)) {
      const { agent, model, tools, bundle, regions } = event;
      return { ok: true, agent, model, tools, bundle, ...(regions === undefined ? {} : { regions }) };
    }
    // Permitted and yet refused: the agent could not be had.
    if (event.type === 'tool.refused' && isUnresolved(before, event, agentId)) return { ok: false, error: event.error };
    if (event.type === 'run.failed' && before.plan === null) return { ok: false, error: event.error };
  }
  // A limit was in the way of handing the run over: any agent will do.
  if (before.plan !== null) return { ok: true, ...before.plan };
  // Not BUNDLE_MISSING: a run waits for that one, and the lack of its start would pass for waiting.
  return { ok: false, error: { code: 'INTERNAL', message: 'The journal records no resolution of the agent.' } };
}

const isUnresolved = (before: RunState, { tool, decision }: RunEventOf<'tool.refused'>, agentId: string): boolean =>
  decision.outcome === 'permit' && handoffTo(before, tool) === agentId;

const isJudged = (event: RunEvent): event is Judged =>
  event.type === 'tool.requested' ||
  event.type === 'tool.inlined' ||
  event.type === 'tool.refused' ||
  event.type === 'run.handed-off';

/** The verdict that an event records, and the call it is about. */
function verdictIn(
  event: RunEvent,
  argumentsOf: (callId: string) => string,
): { key: string | null; decision: DecisionRecord } | null {
  if (isJudged(event)) return { key: keyOfJudged(event), decision: event.decision };
  if (event.type !== 'question.asked' || event.approval === undefined) return null;
  const { tool, decision } = event.approval;
  return { key: keyOfJudged({ tool, arguments: argumentsOf(event.callId) }), decision };
}

function sentBy(before: RunState, callId: string): string {
  const call = before.calls[callId];
  return call === undefined ? '' : sentArguments(before, call);
}

/** Tools that the model was told of. */
function toldIn({ events }: DecisionV1): ReadonlySet<string> {
  return new Set(events.flatMap((event) => (event.type === 'model.requested' ? event.recipe.tools : [])));
}

function haltIn({ events }: DecisionV1): Halted | null {
  const [event] = events;
  if (event?.type !== 'run.cancelled' || event.halt === undefined) return null;
  return { ...event.halt, reason: event.reason };
}

/** What a decision tells about the policy it was made by: what its run was started with, and its verdicts on calls. */
export function recordedPolicy(before: RunState, decision: DecisionV1): PolicyView {
  const records = new Map<string, DecisionRecord>();
  // A planned call may be asked about in the decision that made it.
  const planned = new Map<string, string>();
  /** By a person: what is asked of the policy from then on. */
  const edited = new Map<string, string>();
  const argumentsOf = (callId: string): string => edited.get(callId) ?? planned.get(callId) ?? sentBy(before, callId);
  for (const event of decision.events)
    if (event.type === 'question.closed' && event.arguments !== undefined)
      edited.set(before.questions[event.questionId]?.callId ?? '', event.arguments);
  let handedOver = false;
  for (const event of decision.events) {
    if (event.type === 'plan.stepped')
      event.calls.forEach((call, index) => planned.set(callIdOf(event.step, index), call.arguments));
    const verdict = verdictIn(event, argumentsOf);
    // What is refused since the run was handed over was not asked of the policy.
    if (verdict === null || verdict.key === null || handedOver) continue;
    // Of equal calls one may be granted and another find a quota used up.
    if (verdict.decision.kind !== 'quota' || !records.has(verdict.key))
      records.set(verdict.key, withoutQuotas(verdict.decision));
    handedOver = event.type === 'run.handed-off';
  }
  return {
    resolve: (agentId) => resolution(before, decision, agentId),
    halted: () => haltIn(decision),
    // Of all that the agent has: a name that it has not would be a difference.
    offered: ({ tools }) => tools.filter((name) => toldIn(decision).has(name)),
    // No record: the call was permitted and waited for its turn, for a refusal would stand in the decision.
    authorize: ({ tool, arguments: args }: AuthorizeQuestion) =>
      records.get(keyOf(tool, args)) ?? {
        outcome: 'permit',
        kind: 'permit',
        rules: [],
        reason: 'The journal records no verdict.',
        bundle: null,
      },
  };
}
