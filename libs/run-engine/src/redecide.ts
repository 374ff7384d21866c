import type { DecisionV1, JournalEntryOf, RunEvent } from '@signalbox/contracts';
import { canonicalJson } from '@signalbox/kernel';
import { decide } from './decide.js';
import { openDraft } from './draft.js';
import { take } from './evolve.js';
import type { PolicyView } from './policy-view.js';
import { isQuotaRefusal, recordedQuotas } from './quotas.js';
import { recordedPolicy } from './recorded-policy.js';
import { ENGINE_VERSION } from './settings.js';
import { hasEnded, newRun, type RunState, type StoredEntry } from './state.js';

/** A decision that the rules would not make from the entries before it. */
export interface Difference {
  /** Of the decision. */
  seq: number;
  /** Version of the rules that it was made by; beyond `ENGINE_VERSION` nobody here can say what they give. */
  engine: number;
  /** What the rules decide there; empty: nothing, or by rules that this version does not have. */
  expected: RunEvent[];
  found: RunEvent[];
}

export interface Redecision {
  ok: boolean;
  /** Decisions looked at. */
  decisions: number;
  /** Runs ended from outside the rules; they are no differences, and nothing confirms them. */
  forced: number;
  differences: Difference[];
}

/** The policy that a decision was made by. */
export type PolicyAt = (before: RunState, decision: DecisionV1) => PolicyView;

/**
 * Makes every decision of a journal again: from the entries before it, at its time, by its version of the rules, with
 * the policy that the journal recorded, and compares the events. Hermetic: asks nobody. The verdicts of
 * policy are taken as they stand, and a call whose verdict or start was left out beside other events looks like one that
 * waits for its turn until the run goes on; that the bytes are those that were written, `verifyJournal` and the seals prove.
 */
export function redecide(entries: readonly StoredEntry[], policyAt: PolicyAt = recordedPolicy): Redecision {
  const state = openDraft(newRun(entries[0]?.subject ?? ''));
  const differences: Difference[] = [];
  let decisions = 0;
  let forced = 0;
  for (const stored of entries) {
    const { entry } = stored;
    if (entry?.kind === 'decision.v1' && entry.author === 'router') {
      decisions += 1;
      if (isForced(state, entry)) forced += 1;
      else {
        const expected = decidedAgain(state, entry, policyAt);
        const found = entry.body.events;
        const same = found.length > 0 && canonicalJson(expected) === canonicalJson(found);
        if (!same) differences.push({ seq: stored.seq, engine: entry.body.engine, expected, found });
      }
    }
    take(state, stored);
  }
  return { ok: differences.length === 0, decisions, forced, differences };
}

function decidedAgain(state: RunState, { body }: JournalEntryOf<'decision.v1'>, policyAt: PolicyAt): RunEvent[] {
  if (body.head !== state.head || body.engine > ENGINE_VERSION) return [];
  const env = {
    nowMs: body.decidedAt,
    policy: policyAt(state, body),
    engine: body.engine,
    room: roomOf(body),
    quota: recordedQuotas(body.events),
  };
  return decide(state, env)?.events ?? [];
}

/** What other runs left of the limit of a tool: the decision judged so many calls of it, and the rest waited. */
function roomOf({ events }: DecisionV1): (tool: string) => boolean {
  const left = new Map<string, number>();
  for (const event of events)
    if (event.type === 'tool.requested' || isQuotaRefusal(event)) left.set(event.tool, (left.get(event.tool) ?? 0) + 1);
  return (tool) => {
    const calls = left.get(tool) ?? 0;
    left.set(tool, calls - 1);
    return calls > 0;
  };
}

/** Only one thing can be forced: the failure of a run that is not over, with what it used up stated truly. */
function isForced(state: RunState, { body }: JournalEntryOf<'decision.v1'>): boolean {
  const [event, ...others] = body.events;
  if (body.forced !== true || event?.type !== 'run.failed' || others.length > 0) return false;
  if (state.accepted === null || state.status === 'quarantined' || hasEnded(state)) return false;
  const spent = { usage: state.usage, costNanoUsd: state.costNanoUsd };
  const stated = { usage: event.usage, costNanoUsd: event.costNanoUsd };
  return body.head === state.head && canonicalJson(spent) === canonicalJson(stated);
}
