import type { DecisionRecord } from '@signalbox/contracts';

export type Outcome = DecisionRecord['outcome'];
export const OUTCOME_CHANGES = ['newly denied', 'newly permitted', 'newly asking approval'] as const;
export type OutcomeChange = (typeof OUTCOME_CHANGES)[number];

/** Calls of one agent and tool that are decided otherwise, by the same rules and policies. */
export interface ChangedCalls {
  change: OutcomeChange;
  agent: string;
  tool: string;
  /** The rules and policies that decide it so; empty: that none permits it any more. */
  by: string[];
  calls: number;
  /** Some runs that made such a call. */
  runs: string[];
}

const CHANGE_OF: Record<Outcome, OutcomeChange> = {
  deny: 'newly denied',
  permit: 'newly permitted',
  approve: 'newly asking approval',
};
const EXAMPLES_MAX = 3;
/** Rows of one answer; what more there is, is counted in its totals alone. */
const ROWS_MAX = 500;

type Judged = Pick<DecisionRecord, 'outcome' | 'rules' | 'policies'>;

/** Sums up how calls are decided by one policy and by another. */
export class OutcomeChanges {
  readonly #rows = new Map<string, ChangedCalls>();
  readonly totals: Record<OutcomeChange, number> = {
    'newly denied': 0,
    'newly permitted': 0,
    'newly asking approval': 0,
  };
  unchanged = 0;

  add(call: { agent: string; tool: string; runId: string }, before: Outcome, after: Judged): void {
    if (before === after.outcome) {
      this.unchanged += 1;
      return;
    }
    const change = CHANGE_OF[after.outcome];
    this.totals[change] += 1;
    const { agent, tool, runId } = call;
    const by = [...after.rules, ...(after.policies ?? [])];
    const key = JSON.stringify([change, agent, tool, by]);
    let row = this.#rows.get(key);
    if (row === undefined) {
      if (this.#rows.size >= ROWS_MAX) return;
      this.#rows.set(key, (row = { change, agent, tool, by, calls: 0, runs: [] }));
    }
    row.calls += 1;
    if (row.runs.length < EXAMPLES_MAX && !row.runs.includes(runId)) row.runs.push(runId);
  }

  /** Denials first, then by how many. */
  rows(): ChangedCalls[] {
    const rank = ({ change }: ChangedCalls): number => OUTCOME_CHANGES.indexOf(change);
    return [...this.#rows.values()].toSorted((a, b) => rank(a) - rank(b) || b.calls - a.calls);
  }
}

/** The outcome that policy gave: what a person approved was asked for. */
export function outcomeOf({ outcome, kind }: Pick<DecisionRecord, 'outcome' | 'kind'>): Outcome {
  return kind === 'approval' ? 'approve' : outcome;
}
