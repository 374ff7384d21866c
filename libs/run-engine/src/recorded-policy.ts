import type { DecisionRecord, DecisionV1, RunEvent } from '@signalbox/contracts';
import { canonicalJson } from '@signalbox/kernel';
import type { AuthorizeQuestion, PolicyView, Resolution } from './policy-view.js';
import type { RunState } from './state.js';

type Judged = Extract<RunEvent, { type: 'tool.requested' | 'tool.inlined' | 'tool.refused' }>;

const keyOf = (tool: string, args: unknown): string => `${tool}\0${canonicalJson(args)}`;

/** Null where the arguments are no JSON: such a call is refused before the policy is asked. */
function keyOfJudged(event: Judged): string | null {
  try {
    return keyOf(event.tool, JSON.parse(event.arguments === '' ? '{}' : event.arguments));
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

/** What a decision tells about the policy it was made by: what its run was started with, and its verdicts on calls. */
export function recordedPolicy(_before: RunState, decision: DecisionV1): PolicyView {
  const records = new Map<string, DecisionRecord>();
  for (const event of decision.events) {
    if (event.type !== 'tool.requested' && event.type !== 'tool.inlined' && event.type !== 'tool.refused') continue;
    const key = keyOfJudged(event);
    if (key !== null) records.set(key, event.decision);
  }
  return {
    resolve: () => resolution(decision),
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
