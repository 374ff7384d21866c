import type { DecisionRecord, DecisionV1, RunEvent, RunEventOf } from '@signalbox/contracts';
import { handoffTo } from './handoff.js';
import { withoutQuotas } from './quotas.js';
import type { Halted, PolicyView, Resolution } from './policy-view.js';
import type { RunState } from './state.js';

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

/** The verdict of policy that an event records, and the call it is about. */
function verdictIn(event: RunEvent): [callId: string, DecisionRecord] | null {
  switch (event.type) {
    case 'tool.requested':
    case 'tool.inlined':
    case 'tool.refused':
    case 'run.handed-off':
      return [event.callId, withoutQuotas(event.decision)];
    case 'question.asked':
      return event.approval === undefined ? null : [event.callId, withoutQuotas(event.approval.decision)];
    default:
      return null;
  }
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
  // By call, not by what is called: of two equal calls one may be approved and the other refused by a person.
  const verdicts = new Map(decision.events.map(verdictIn).filter((verdict) => verdict !== null));
  return {
    resolve: (agentId) => resolution(before, decision, agentId),
    halted: () => haltIn(decision),
    // Of all that the agent has: a name that it has not would be a difference.
    offered: ({ tools }) => tools.filter((name) => toldIn(decision).has(name)),
    // No record: the call was permitted and waited for its turn, for a refusal would stand in the decision.
    authorize: (_question, callId) =>
      verdicts.get(callId) ?? {
        outcome: 'permit',
        kind: 'permit',
        rules: [],
        reason: 'The journal records no verdict.',
        bundle: null,
      },
  };
}
