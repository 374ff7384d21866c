import type { DecisionRecord, DecisionV1 } from '@signalbox/contracts';
import type { AuthorizeQuestion, PolicyView } from './policy-view.js';
import { recordedPolicy } from './recorded-policy.js';
import { redecide } from './redecide.js';
import type { RunState, StoredEntry } from './state.js';

/** What a run asked of policy, and what it was told. */
export interface RecordedQuestion {
  /** Time of the decision, ms since 1970. */
  at: number;
  question: AuthorizeQuestion;
  decision: DecisionRecord;
}

/**
 * Every question of a journal to policy about a tool call with the verdict it records, in order: found by making the
 * router's decisions again, so that a question is exactly what the router asked then. `refused`: calls that were
 * refused before policy was asked.
 */
export function recordedQuestions(entries: readonly StoredEntry[]): { asked: RecordedQuestion[]; refused: number } {
  const asked: RecordedQuestion[] = [];
  const listening = (before: RunState, decision: DecisionV1): PolicyView => {
    const recorded = recordedPolicy(before, decision);
    return {
      ...recorded,
      authorize: (question, callId) => {
        const verdict = recorded.authorize(question, callId);
        // Without a bundle it is no verdict of a policy: none was in force, or the call only waited.
        if (verdict.bundle !== null) asked.push({ at: decision.decidedAt, question, decision: verdict });
        return verdict;
      },
    };
  };
  redecide(entries, listening);
  return { asked, refused: entries.reduce((sum, entry) => sum + refusedIn(entry), 0) };
}

function refusedIn({ entry }: StoredEntry): number {
  if (entry?.kind !== 'decision.v1') return 0;
  return entry.body.events.filter((event) => event.type === 'tool.refused' && event.decision.kind === 'invalid').length;
}
