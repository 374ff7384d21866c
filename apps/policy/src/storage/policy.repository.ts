import {
  DEFINITION_KINDS,
  type AgentManifest,
  type CedarPolicy,
  type Delegation,
  type Halt,
  type KeyGrant,
  type ModelManifest,
  type PolicyTest,
  type Quota,
  type RedactionPattern,
  type RedactionRule,
  type Residency,
  type Rule,
  type SignedBundleV1,
  type TenantLimits,
  type ToolManifest,
  type Waiver,
} from '@signalbox/contracts';
import type { Draft } from '../drafts/draft.js';
import type { ChangeDraft } from '../changes/change.js';

/** What a tenant's policy is made of, by the name of its collection. */
export interface Definitions {
  agents: AgentManifest;
  tools: ToolManifest;
  rules: Rule;
  models: ModelManifest;
  keys: KeyGrant;
  halts: Halt;
  policies: CedarPolicy;
  tests: PolicyTest;
  quotas: Quota;
  delegations: Delegation;
  residencies: Residency;
  redactions: RedactionRule;
  patterns: RedactionPattern;
  waivers: Waiver;
}
export type Kind = keyof Definitions;
export const KINDS = [...DEFINITION_KINDS, 'keys', 'halts'] as const satisfies readonly Kind[];

/** The whole of a tenant's policy. */
export type TenantPolicy = { [K in Kind]: Definitions[K][] };

export interface Stored<K extends Kind> {
  id: string;
  definition: Definitions[K];
  /** The bundle version that first carried it so. */
  revision: number;
  updatedAt: Date;
}

/** Limits of the tenant as a whole. They are always there: revision 0 and nothing in them before they are first set. */
export interface StoredLimits {
  definition: TenantLimits;
  revision: number;
  updatedAt: Date | null;
}

/** How the tenant wants changes to be made. Always there: revision 0 and nothing asked for before it is first set. */
export interface StoredReview {
  definition: Review;
  revision: number;
  updatedAt: Date | null;
}
export interface Review {
  /** What a draft may hold is only published as a draft that a person beside its authors approved. */
  twoPersons: boolean;
}

/** A bundle without its payload. */
export interface BundleHead {
  tenant: string;
  version: number;
  hash: string;
  keyId: string;
  issuedAt: Date;
  expiresAt: Date;
  delivered: boolean;
}
/** A bundle, and who made it by which change. */
export interface BundleEvent extends BundleHead {
  change: string;
  /** Empty: the mesh itself. */
  author: string;
}
export interface IssuedBundle extends BundleEvent {
  signed: SignedBundleV1;
}

export interface Page {
  /** Only ids after this one. */
  after: string;
  limit: number;
}

/** A definition as it was and as it is to be; null: it was not there, it is to go. */
export interface DefinitionWrite {
  kind: Kind;
  id: string;
  before: Definitions[Kind] | null;
  after: Definitions[Kind] | null;
}

/** A tenant under its lock: nobody else changes it until the work is done. */
export interface TenantTransaction {
  readonly tenant: string;
  /** Version of the newest issued bundle; 0 before the first. */
  readonly version: number;
  policy(): Promise<TenantPolicy>;
  /** All of a kind, by id. */
  all<K extends Kind>(kind: K): Promise<Stored<K>[]>;
  get<K extends Kind>(kind: K, id: string): Promise<Stored<K> | null>;
  put<K extends Kind>(kind: K, id: string, definition: Definitions[K], revision: number): Promise<void>;
  remove(kind: Kind, id: string): Promise<void>;
  /** The same of many at once. */
  write(writes: readonly DefinitionWrite[], revision: number): Promise<void>;
  limits(): Promise<StoredLimits>;
  putLimits(definition: TenantLimits, revision: number): Promise<void>;
  review(): Promise<StoredReview>;
  putReview(definition: Review, revision: number): Promise<void>;
  draft(id: string): Promise<Draft | null>;
  putDraft(draft: Draft): Promise<void>;
  /** The draft that is evaluated beside what is in force. */
  shadowDraft(): Promise<Draft | null>;
  /** Forgets ended drafts but the newest two hundred. */
  forgetDrafts(): Promise<void>;
  /** Drafts that are neither published nor discarded, ended ones not counted. */
  openDrafts(): Promise<number>;
  newestBundle(): Promise<BundleHead | null>;
  /** Writes down a change that is none of the above; those write themselves down. */
  record(change: ChangeDraft): Promise<void>;
  /** Keeps a newly issued bundle, and forgets those older than the newest hundred. */
  addBundle(bundle: IssuedBundle): Promise<void>;
}

/** Where policy is kept. Every method may throw STORE_UNAVAILABLE. */
export abstract class PolicyRepository {
  /** Resolves when the store can be used; rejects when it is given up. */
  abstract ready(): Promise<void>;
  abstract tenants(): Promise<string[]>;
  abstract hasTenant(tenant: string): Promise<boolean>;
  abstract addTenant(tenant: string): Promise<void>;
  abstract list<K extends Kind>(tenant: string, kind: K, page: Page): Promise<Stored<K>[]>;
  abstract get<K extends Kind>(tenant: string, kind: K, id: string): Promise<Stored<K> | null>;
  abstract limits(tenant: string): Promise<StoredLimits>;
  abstract review(tenant: string): Promise<StoredReview>;
  /** Newest first. */
  abstract drafts(tenant: string, limit: number): Promise<Draft[]>;
  abstract draft(tenant: string, id: string): Promise<Draft | null>;
  abstract newestBundle(tenant: string): Promise<IssuedBundle | null>;
  abstract bundle(tenant: string, version: number): Promise<IssuedBundle | null>;
  /** Newest first, those before a version. */
  abstract bundles(tenant: string, before: number, limit: number): Promise<BundleEvent[]>;
  /** The newest bundle of every tenant that has one. */
  abstract newestHeads(): Promise<BundleHead[]>;
  abstract markDelivered(tenant: string, version: number): Promise<void>;
  /** Runs `work` in a transaction that holds the tenant's lock. NOT_FOUND when there is no such tenant. */
  abstract change<T>(tenant: string, work: (transaction: TenantTransaction) => Promise<T>): Promise<T>;
}
