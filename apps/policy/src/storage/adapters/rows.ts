import type { TenantLimits } from '@signalbox/contracts';
import type { ChangeDraft } from '../../changes/change.js';
import { shownOf } from '../../definitions/definition-view.js';
import type { Draft } from '../../drafts/draft.js';
import type { DraftEntity } from '../../drafts/entities/draft.entity.js';
import type { BundleEntity } from '../entities/bundle.entity.js';
import type { AgentEntity } from '../entities/definition.entities.js';
import type { LimitsEntity } from '../entities/limits.entity.js';
import type { ReviewEntity } from '../entities/review.entity.js';
import type {
  BundleEvent,
  BundleHead,
  Definitions,
  IssuedBundle,
  Kind,
  Review,
  Stored,
  StoredLimits,
  StoredReview,
} from '../policy.repository.js';

type DefinitionRow = AgentEntity;

/** What was stored had passed its schema, under the same tenant lock. */
export function storedFrom<K extends Kind>({ id, definition, revision, updatedAt }: DefinitionRow): Stored<K> {
  return { id, definition: definition as Definitions[K], revision, updatedAt };
}

export function headFrom({ tenant, version, hash, keyId, issuedAt, expiresAt, deliveredAt }: BundleEntity): BundleHead {
  return { tenant, version, hash, keyId, issuedAt, expiresAt, delivered: deliveredAt !== null };
}

export function eventFrom(row: BundleEntity): BundleEvent {
  const { change, author } = row;
  return { ...headFrom(row), change, author };
}

export function issuedFrom(row: BundleEntity): IssuedBundle {
  const { payload, hash, keyId, signature } = row;
  return { ...eventFrom(row), signed: { payload, hash, keyId, signature } };
}

export function reviewFrom(row: ReviewEntity | null): StoredReview {
  if (row === null) return { definition: { twoPersons: false }, revision: 0, updatedAt: null };
  const { definition, revision, updatedAt } = row;
  return { definition: definition as Review, revision, updatedAt };
}

export function draftFrom(row: DraftEntity | null): Draft | null {
  if (row === null) return null;
  const { tenant: _tenant, ...draft } = row;
  return draft as Draft;
}

export function limitsFrom(row: LimitsEntity | null): StoredLimits {
  if (row === null) return { definition: {}, revision: 0, updatedAt: null };
  const { definition, revision, updatedAt } = row;
  return { definition: definition as TenantLimits, revision, updatedAt };
}

/** What the change log says of a definition. */
export function recordOf<K extends Kind>(
  kind: K,
  id: string,
  before: Definitions[K] | undefined,
  after: Definitions[K] | undefined,
): ChangeDraft {
  const action = before === undefined ? 'created' : after === undefined ? 'removed' : 'changed';
  const shown = (definition?: Definitions[K]): object | null => (definition ? shownOf(kind, definition) : null);
  return { action, resource: `${kind}/${id}`, before: shown(before), after: shown(after) };
}
