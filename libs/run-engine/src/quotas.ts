import type { DecisionRecord, QuotaTaken, RunEvent, RunEventOf } from '@signalbox/contracts';
import type { DecideEnv } from './policy-view.js';
import { type Call, hasEnded, type RunState } from './state.js';

/** A call that is permitted and would begin now. `arguments` is the JSON text that would be run. */
export interface QuotaQuestion {
  callId: string;
  tool: string;
  arguments: string;
}

/** What quotas say of a call: what it takes of them, that one has no room for it, or that it is still being asked. */
export type QuotaVerdict =
  | { granted: readonly QuotaTaken[] }
  | { denied: { reason: string; quotas: QuotaTaken[] } }
  | 'pending';

type Beginning = RunEventOf<'tool.requested' | 'tool.inlined' | 'run.handed-off'>;

const begins = (event: RunEvent): event is Beginning =>
  event.type === 'tool.requested' || event.type === 'tool.inlined' || event.type === 'run.handed-off';

/**
 * The event that lets a call begin, with what it takes of quotas; a refusal where one is used up, null where that is not
 * known yet. Asked last, so that nothing is taken for a call that would not begin in any case. A further attempt is the
 * same call: it has what it took.
 */
export function charged(call: Call, event: RunEvent, { quota }: DecideEnv): RunEvent | null {
  if (!begins(event)) return event;
  const { step, callId, tool, arguments: text, decision } = event;
  if (call.attempt > 0) return withQuotas(event, call.decision?.quotas ?? []);
  const verdict = quota?.({ callId, tool, arguments: text }) ?? { granted: [] };
  if (verdict === 'pending') return null;
  if ('granted' in verdict) return withQuotas(event, verdict.granted);
  const { reason, quotas } = verdict.denied;
  const { bundle } = decision;
  const denial: DecisionRecord = { outcome: 'deny', kind: 'quota', rules: [], reason, bundle, quotas };
  const error = { code: 'QUOTA_EXCEEDED' as const, message: reason };
  return { type: 'tool.refused', step, callId, tool, arguments: call.arguments, error, decision: denial };
}

const withQuotas = (event: Beginning, quotas: readonly QuotaTaken[]): RunEvent =>
  quotas.length === 0 ? event : { ...event, decision: { ...event.decision, quotas: [...quotas] } };

/** Decides on calls, or on nothing at all while quotas are still being asked for one of them. */
export function unlessPending(env: DecideEnv, decide: (env: DecideEnv) => RunEvent[]): RunEvent[] {
  const { quota } = env;
  if (quota === undefined) return decide(env);
  let isPending = false;
  const events = decide({
    ...env,
    quota: (question) => {
      const verdict = quota(question);
      isPending ||= verdict === 'pending';
      return verdict;
    },
  });
  return isPending ? [] : events;
}

/** What a decision took of quotas, for whoever makes it again: a call that it does not name was still being asked for. */
export function recordedQuotas(events: readonly RunEvent[]): (question: QuotaQuestion) => QuotaVerdict {
  const named = new Map<string, QuotaVerdict>();
  for (const event of events) {
    if (!begins(event) && event.type !== 'tool.refused') continue;
    const { reason, quotas = [] } = event.decision;
    named.set(event.callId, isQuotaRefusal(event) ? { denied: { reason, quotas } } : { granted: quotas });
  }
  return ({ callId }) => named.get(callId) ?? 'pending';
}

/** The policy permitted the call, and a quota had no room for it. */
export const isQuotaRefusal = (event: RunEvent): event is RunEventOf<'tool.refused'> =>
  event.type === 'tool.refused' && event.decision.kind === 'quota';

/** The verdict of the policy in a record: without what quotas made of it, which differs from call to call. */
export function withoutQuotas(decision: DecisionRecord): DecisionRecord {
  const { quotas: _, ...record } = decision;
  if (record.kind !== 'quota') return record;
  const reason = 'The journal records no verdict beside that of the quota.';
  return { outcome: 'permit', kind: 'permit', rules: [], reason, bundle: record.bundle };
}

/**
 * Whether a call counts in quotas: false where it is sure that it never began and never will. What may have happened
 * counts.
 */
export function countsInQuotas(state: RunState, callId: string): boolean {
  const call = state.calls[callId];
  if (call === undefined || call.status === 'refused') return false;
  switch (call.status) {
    case 'proposed':
    case 'approving':
    case 'approved':
    case 'rejected':
      // One in quarantine may begin calls later: whoever goes on with it asks again.
      return !hasEnded(state) && state.status !== 'quarantined';
    case 'completed':
      return true;
    case 'failed':
      return call.decision?.outcome !== 'deny' && !neverBegan(state, call);
    default:
      return !(hasEnded(state) && neverBegan(state, call));
  }
}

/** A worker claims what is unsafe before it begins, and cannot claim it any more. */
function neverBegan({ doubt }: RunState, { effect, attempt, beganAt, child, wait }: Call): boolean {
  return effect === 'unsafe' && attempt <= 1 && beganAt === null && child === null && wait === null && !doubt;
}
