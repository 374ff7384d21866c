import type { DecisionRecord, DecisionV1, RunEvent } from '@signalbox/contracts';
import { canonicalJson } from '@signalbox/kernel';
import { callIdOf } from './draft.js';
import type { AuthorizeQuestion, Halted, PolicyView, Resolution } from './policy-view.js';
import type { RunState } from './state.js';

type Judged = Extract<RunEvent, { type: 'tool.requested' | 'tool.inlined' | 'tool.refused' }>;

const keyOf = (tool: string, args: unknown): string => `${tool}\0${canonicalJson(args)}`;

/** Null where the arguments are no JSON: such a call is refused before the policy is asked. */
function keyOfJudged({ tool, arguments: text }: Pick<Judged, 'tool' | 'arguments'>): string | null {
  try {
    return keyOf(tool, JSON.parse(text === '' ? '{}' : text));
  } catch {
    return null;
  }
}

function resolution({ events }: DecisionV1): Resolution {
  for (const event of events) {
    if (event.type === 'run.started') {
      const { agent, model, tools, bundle } = event;
      return { ok: true, agent, model, tools, bundle };
    }
    if (event.type === 'run.failed') return { ok: false, error: event.error };
  }
  // Not BUNDLE_MISSING: a run waits for that one, and the lack of its start would pass for waiting.
  return { ok: false, error: { code: 'INTERNAL', message: 'The journal records no resolution of the agent.' } };
}

/** The verdict that an event records, and the call it is about. */
function verdictIn(
  event: RunEvent,
  argumentsOf: (callId: string) => string,
): { key: string | null; decision: DecisionRecord } | null {
  if (event.type === 'tool.requested' || event.type === 'tool.inlined' || event.type === 'tool.refused')
    return { key: keyOfJudged(event), decision: event.decision };
  if (event.type !== 'question.asked' || event.approval === undefined) return null;
  const { tool, decision } = event.approval;
  return { key: keyOfJudged({ tool, arguments: argumentsOf(event.callId) }), decision };
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
  const argumentsOf = (callId: string): string => planned.get(callId) ?? before.calls[callId]?.arguments ?? '';
  for (const event of decision.events) {
    if (event.type === 'plan.stepped')
      event.calls.forEach((call, index) => planned.set(callIdOf(event.step, index), call.arguments));
    const verdict = verdictIn(event, argumentsOf);
    if (verdict !== null && verdict.key !== null) records.set(verdict.key, verdict.decision);
  }
  return {
    resolve: () => resolution(decision),
    halted: () => haltIn(decision),
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
