import type { TestResult } from '../tests/run-tests.js';
import type { ChangePlan, Conflict, PlannedChange } from './change-plan.js';
import type { Problem } from './change-sets.service.js';
import { approversOf, type Draft, type DraftDefinition } from './draft.js';

/** A draft as the API shows it. */
export interface DraftView {
  id: string;
  title: string;
  state: Draft['state'];
  authors: string[];
  baseVersion: number;
  changes: { kind: string; id: string; op: 'put' | 'delete' }[];
  /** Approvals of the draft as it is now. */
  approvedBy: string[];
  revision: number;
  publishedVersion: number | null;
  createdAt: string;
  updatedAt: string;
}

/** The same with the definitions that it would bring. */
export interface DraftDetail extends Omit<DraftView, 'changes'> {
  changes: { kind: string; id: string; op: 'put' | 'delete'; definition?: object }[];
}

/** Whether a draft could be published now, and everything that stands against it. */
export interface DraftJudgement {
  valid: boolean;
  plan: PlannedChange[];
  unchanged: number;
  conflicts: Conflict[];
  problems: Problem[];
  tests: TestResult[];
}

export function viewOf(draft: Draft): DraftView {
  const { changes, approvals: _approvals, createdAt, updatedAt, ...head } = draft;
  return {
    ...head,
    changes: changes.map(({ kind, id, definition }) => ({ kind, id, op: definition === null ? 'delete' : 'put' })),
    approvedBy: approversOf(draft),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

export function detailOf(draft: Draft): DraftDetail {
  const changes = draft.changes.map(({ kind, id, definition }) =>
    definition === null
      ? ({ kind, id, op: 'delete' } as const)
      : ({ kind, id, op: 'put', definition: shown(definition) } as const),
  );
  return { ...viewOf(draft), changes };
}

export function judgementOf(plan: ChangePlan, problems: Problem[], tests: TestResult[]): DraftJudgement {
  const { plan: changes, unchanged, conflicts } = plan;
  const valid = problems.length === 0 && conflicts.length === 0 && tests.every(({ ok }) => ok);
  return { valid, plan: changes, unchanged, conflicts, problems, tests };
}

function shown(definition: DraftDefinition): object {
  if (!('json' in definition)) return definition;
  const { json: _json, ...rest } = definition;
  return rest;
}
