import type {
  AgentManifest,
  CedarPolicy,
  Delegation,
  Halt,
  KeyGrant,
  ModelManifest,
  Quota,
  RedactionPattern,
  RedactionRule,
  Residency,
  Rule,
  SignedBundleV1,
  TenantLimits,
  ToolManifest,
  Waiver,
} from '@signalbox/contracts';
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
  quotas: Quota;
  delegations: Delegation;
  residencies: Residency;
  redactions: RedactionRule;
  patterns: RedactionPattern;
  waivers: Waiver;
}
export type Kind = keyof Definitions;
export const KINDS = [
  'agents',
  'tools',
  'rules',
  'models',
  'keys',
  'halts',
  'policies',
  'quotas',
  'delegations',
  'residencies',
  'redactions',
  'patterns',
  'waivers',
] as const satisfies readonly Kind[];

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
export interface IssuedBundle extends BundleHead {
  signed: SignedBundleV1;
  change: string;
}

export interface Page {
  /** Only ids after this one. */
  after: string;
  limit: number;
}

/** A tenant under its lock: nobody else changes it until the work is done. */
export interface TenantTransaction {
  readonly tenant: string;
  /** Version of the newest issued bundle; 0 before the first. */
  readonly version: number;
  policy(): Promise<TenantPolicy>;
  get<K extends Kind>(kind: K, id: string): Promise<Stored<K> | null>;
  put<K extends Kind>(kind: K, id: string, definition: Definitions[K], revision: number): Promise<void>;
  remove(kind: Kind, id: string): Promise<void>;
  limits(): Promise<StoredLimits>;
  putLimits(definition: TenantLimits, revision: number): Promise<void>;
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
  abstract newestBundle(tenant: string): Promise<IssuedBundle | null>;
  /** The newest bundle of every tenant that has one. */
  abstract newestHeads(): Promise<BundleHead[]>;
  abstract markDelivered(tenant: string, version: number): Promise<void>;
  /** Runs `work` in a transaction that holds the tenant's lock. NOT_FOUND when there is no such tenant. */
  abstract change<T>(tenant: string, work: (transaction: TenantTransaction) => Promise<T>): Promise<T>;
}
