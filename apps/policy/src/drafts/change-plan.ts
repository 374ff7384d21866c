import { BUNDLED_KINDS, type PolicyBundleV1, type TenantLimits } from '@signalbox/contracts';
import { canonicalJson } from '@signalbox/kernel';
import {
  type Definitions,
  type DefinitionWrite,
  type Kind,
  KINDS,
  type Review,
  type Stored,
  type StoredLimits,
  type StoredReview,
  type TenantPolicy,
  type TenantTransaction,
} from '../storage/policy.repository.js';
import { idOf } from '../definitions/definition-kinds.js';
import { type Change, type DraftKind, isSingle, SINGLE_ID } from './draft.js';

/** All that a tenant has, with revisions. */
export interface Standing {
  policy: TenantPolicy;
  limits: StoredLimits;
  review: StoredReview;
  /** By `<kind>/<id>`. */
  rows: ReadonlyMap<string, { definition: object; revision: number }>;
}

/** What a change does to what is there. */
export interface PlannedChange {
  kind: DraftKind;
  id: string;
  op: 'create' | 'change' | 'delete';
}

/** Somebody else changed it since the draft was written. */
export interface Conflict {
  kind: DraftKind;
  id: string;
  /** Revision that the draft was written against; null: it was not there. */
  seenRevision: number | null;
  /** Revision now; null: it is gone. */
  revision: number | null;
}

export interface ChangePlan {
  /** Changes that make a difference, as `plan` has them. */
  effective: Change[];
  plan: PlannedChange[];
  unchanged: number;
  conflicts: Conflict[];
  /** The policy once all of it is made. */
  next: TenantPolicy;
  limits: TenantLimits;
  review: Review;
}

/** What is there of a kind that is always there, before it is first set. */
const UNSET: Partial<Record<DraftKind, object>> = { limits: {}, review: { twoPersons: false } };

export const nameOf = ({ kind, id }: Pick<Change, 'kind' | 'id'>): string => `${kind}/${id}`;

export async function standingOf(transaction: TenantTransaction): Promise<Standing> {
  const rows = new Map<string, { definition: object; revision: number }>();
  const lists: [Kind, unknown[]][] = [];
  for (const kind of KINDS) {
    const all: Stored<Kind>[] = await transaction.all(kind);
    for (const { id, definition, revision } of all) rows.set(`${kind}/${id}`, { definition, revision });
    lists.push([kind, all.map(({ definition }) => definition)]);
  }
  const limits = await transaction.limits();
  const review = await transaction.review();
  for (const [kind, { definition, revision }] of Object.entries({ limits, review }))
    if (revision > 0) rows.set(`${kind}/${SINGLE_ID}`, { definition, revision });
  return { policy: Object.fromEntries(lists) as unknown as TenantPolicy, limits, review, rows };
}

/** What the changes come to, beside what is there. */
export function planOf({ policy, limits, review, rows }: Standing, changes: readonly Change[]): ChangePlan {
  const lists = new Map(
    KINDS.map((kind) => {
      const all: readonly Definitions[Kind][] = policy[kind];
      return [kind as string, new Map(all.map((one) => [idOf(one), one as object]))];
    }),
  );
  const made: ChangePlan = {
    effective: [],
    plan: [],
    unchanged: 0,
    conflicts: [],
    next: policy,
    limits: limits.definition,
    review: review.definition,
  };
  for (const change of changes) {
    const { kind, id, definition, seenRevision } = change;
    const row = rows.get(nameOf(change));
    if (isSame(row?.definition ?? UNSET[kind] ?? null, definition ?? UNSET[kind] ?? null)) {
      made.unchanged += 1;
      continue;
    }
    const revision = row?.revision ?? null;
    if (revision !== seenRevision) made.conflicts.push({ kind, id, seenRevision, revision });
    made.effective.push(change);
    made.plan.push({ kind, id, op: definition === null ? 'delete' : row === undefined ? 'create' : 'change' });
    if (kind === 'limits') made.limits = (definition ?? {}) as TenantLimits;
    else if (kind === 'review') made.review = (definition ?? { twoPersons: false }) as Review;
    else if (definition === null) lists.get(kind)!.delete(id);
    else lists.get(kind)!.set(id, definition);
  }
  const next = KINDS.map((kind) => [kind, [...lists.get(kind)!.values()]]);
  return { ...made, next: Object.fromEntries(next) as unknown as TenantPolicy };
}

/** Writes the changes down; the bundle that carries them is the caller's matter. */
export async function writeChanges(
  transaction: TenantTransaction,
  { effective, ...made }: ChangePlan,
  { rows }: Standing,
): Promise<void> {
  const revision = transaction.version + 1;
  const writes = effective.flatMap((change): DefinitionWrite[] => {
    const { kind, id, definition } = change;
    if (isSingle(kind)) return [];
    const before = (rows.get(nameOf(change))?.definition ?? null) as Definitions[Kind] | null;
    return [{ kind, id, before, after: definition as Definitions[Kind] | null }];
  });
  await transaction.write(writes, revision);
  if (effective.some(({ kind }) => kind === 'limits')) await transaction.putLimits(made.limits, revision);
  if (effective.some(({ kind }) => kind === 'review')) await transaction.putReview(made.review, revision);
}

/** The changes with the revisions of now: whoever asks has seen what is there. */
export function seenNow(changes: readonly Change[], { rows }: Standing): Change[] {
  return changes.map((change) => ({ ...change, seenRevision: rows.get(nameOf(change))?.revision ?? null }));
}

/** The changes that turn what is there into what a bundle carried; what no bundle carries stays. */
export function changesTo(wanted: PolicyBundleV1, standing: Standing): Change[] {
  const changes: Change[] = [];
  const add = (kind: DraftKind, id: string, definition: Change['definition']): void => {
    changes.push({ kind, id, definition, seenRevision: standing.rows.get(`${kind}/${id}`)?.revision ?? null });
  };
  for (const kind of BUNDLED_KINDS) {
    const list: readonly Definitions[typeof kind][] = wanted[kind] ?? [];
    const ids = new Set(list.map(idOf));
    for (const one of list) add(kind, idOf(one), one);
    for (const one of standing.policy[kind] as readonly Definitions[typeof kind][])
      if (!ids.has(idOf(one))) add(kind, idOf(one), null);
  }
  add('limits', SINGLE_ID, wanted.limits ?? null);
  return planOf(standing, changes).effective;
}

const isSame = (one: object | null, other: object | null): boolean =>
  one === null || other === null ? one === other : JSON.stringify(one) === JSON.stringify(other) || alike(one, other);

/** Policies may be nested deeper than canonical JSON goes; their text says all. */
function alike(one: object, other: object): boolean {
  const [a, b] = [one, other].map((definition) => {
    const { json: _json, ...rest } = definition as { json?: unknown };
    return canonicalJson(rest);
  });
  return a === b;
}
