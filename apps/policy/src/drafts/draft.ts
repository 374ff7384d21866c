import { DEFINITION_KINDS, type TenantLimits } from '@signalbox/contracts';
import { canonicalJson, sha256Hex } from '@signalbox/kernel';
import type { Definitions, Kind, Review } from '../storage/policy.repository.js';

/** What a draft may change: all but keys and halts, which must work at once and alone. */
export const DRAFT_KINDS = [...DEFINITION_KINDS, 'limits', 'review'] as const satisfies readonly (
  | Kind
  | 'limits'
  | 'review'
)[];
export type DraftKind = (typeof DRAFT_KINDS)[number];
/** Of which a tenant has exactly one. */
export type SingleKind = 'limits' | 'review';
/** The id of those. */
export const SINGLE_ID = 'tenant';

export const isSingle = (kind: DraftKind): kind is SingleKind => kind === 'limits' || kind === 'review';

export type DraftDefinition = Definitions[Exclude<DraftKind, SingleKind>] | TenantLimits | Review;

/** One definition as it is to be; null: it is to go. */
export interface Change {
  kind: DraftKind;
  id: string;
  definition: DraftDefinition | null;
  /** Its revision when the change was written down; null: it was not there. */
  seenRevision: number | null;
}

export interface Approval {
  by: string;
  at: string;
  /** Of the changes that were approved; others need a new approval. */
  digest: string;
}

export const OPEN_STATES = ['open', 'shadow'] as const;
export type DraftState = (typeof OPEN_STATES)[number] | 'published' | 'discarded';

/** Changes that are made together or not at all. */
export interface Draft {
  id: string;
  title: string;
  /** `shadow`: open still, and evaluated beside what is in force. */
  state: DraftState;
  authors: string[];
  /** Bundle version in force when it was begun, or last brought up to date. */
  baseVersion: number;
  changes: Change[];
  approvals: Approval[];
  revision: number;
  publishedVersion: number | null;
  createdAt: Date;
  updatedAt: Date;
}

export const isOpen = ({ state }: Draft): boolean => state === 'open' || state === 'shadow';

/** Names exactly these changes, made against exactly what was there. What is made of a policy's text follows from it. */
export const digestOf = ({ changes }: Draft): string =>
  sha256Hex(canonicalJson(changes.map((change) => ({ ...change, definition: written(change.definition) }))));

function written(definition: DraftDefinition | null): object | null {
  if (definition === null || !('json' in definition)) return definition;
  const { json: _json, ...rest } = definition;
  return rest;
}

/** Whoever approved the draft as it is now, its authors left out. */
export const approversOf = (draft: Draft): string[] => {
  const digest = digestOf(draft);
  return draft.approvals
    .filter((approval) => approval.digest === digest && !draft.authors.includes(approval.by))
    .map(({ by }) => by);
};
