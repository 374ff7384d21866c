import type { TenantLimits } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { type EntityManager, LessThanOrEqual } from 'typeorm';
import { recordChange } from '../../changes/adapters/postgres-change-record.js';
import type { ChangeDraft } from '../../changes/change.js';
import { shownOf } from '../../definitions/definition-view.js';
import { BundleEntity } from '../entities/bundle.entity.js';
import {
  AgentEntity,
  CedarPolicyEntity,
  DelegationEntity,
  HaltEntity,
  KeyEntity,
  ModelEntity,
  PatternEntity,
  RedactionEntity,
  QuotaEntity,
  ResidencyEntity,
  RuleEntity,
  ToolEntity,
  WaiverEntity,
} from '../entities/definition.entities.js';
import { LimitsEntity } from '../entities/limits.entity.js';
import { TenantEntity } from '../entities/tenant.entity.js';
import type {
  BundleHead,
  Definitions,
  IssuedBundle,
  Kind,
  Stored,
  StoredLimits,
  TenantPolicy,
  TenantTransaction,
} from '../policy.repository.js';

/** Bundles kept per tenant, to look back at. */
const BUNDLES_KEPT = 100;

export const definitionEntities = {
  agents: AgentEntity,
  tools: ToolEntity,
  rules: RuleEntity,
  models: ModelEntity,
  keys: KeyEntity,
  halts: HaltEntity,
  policies: CedarPolicyEntity,
  quotas: QuotaEntity,
  delegations: DelegationEntity,
  residencies: ResidencyEntity,
  redactions: RedactionEntity,
  patterns: PatternEntity,
  waivers: WaiverEntity,
};
type DefinitionRow = AgentEntity;

/** What was stored had passed its schema, under the same tenant lock. */
export function storedFrom<K extends Kind>({ id, definition, revision, updatedAt }: DefinitionRow): Stored<K> {
  return { id, definition: definition as Definitions[K], revision, updatedAt };
}

export function headFrom({ tenant, version, hash, keyId, issuedAt, expiresAt, deliveredAt }: BundleEntity): BundleHead {
  return { tenant, version, hash, keyId, issuedAt, expiresAt, delivered: deliveredAt !== null };
}

export function issuedFrom(row: BundleEntity): IssuedBundle {
  const { payload, hash, keyId, signature, change } = row;
  return { ...headFrom(row), signed: { payload, hash, keyId, signature }, change };
}

export function limitsFrom(row: LimitsEntity | null): StoredLimits {
  if (row === null) return { definition: {}, revision: 0, updatedAt: null };
  const { definition, revision, updatedAt } = row;
  return { definition: definition as TenantLimits, revision, updatedAt };
}

/** One tenant's rows, inside the transaction that holds its lock. */
export class PostgresTenantTransaction implements TenantTransaction {
  constructor(
    private readonly manager: EntityManager,
    readonly tenant: string,
    readonly version: number,
  ) {}

  async policy(): Promise<TenantPolicy> {
    return {
      agents: await this.#all('agents'),
      tools: await this.#all('tools'),
      rules: await this.#all('rules'),
      models: await this.#all('models'),
      keys: await this.#all('keys'),
      halts: await this.#all('halts'),
      policies: await this.#all('policies'),
      quotas: await this.#all('quotas'),
      delegations: await this.#all('delegations'),
      residencies: await this.#all('residencies'),
      redactions: await this.#all('redactions'),
      patterns: await this.#all('patterns'),
      waivers: await this.#all('waivers'),
    };
  }

  async get<K extends Kind>(kind: K, id: string): Promise<Stored<K> | null> {
    const row = await this.manager.findOneBy(definitionEntities[kind], { tenant: this.tenant, id });
    return row && storedFrom<K>(row);
  }

  async put<K extends Kind>(kind: K, id: string, definition: Definitions[K], revision: number): Promise<void> {
    const before = await this.get(kind, id);
    const row = { tenant: this.tenant, id, definition, revision, updatedAt: new Date() };
    await this.manager.upsert(definitionEntities[kind], row, ['tenant', 'id']);
    await this.#recordDefinition(kind, id, before?.definition, definition);
  }

  async remove(kind: Kind, id: string): Promise<void> {
    const before = await this.get(kind, id);
    const { affected } = await this.manager.delete(definitionEntities[kind], { tenant: this.tenant, id });
    if (affected !== 1) throw new MeshError('INTERNAL', 'A locked definition is gone.');
    await this.#recordDefinition(kind, id, before?.definition, undefined);
  }

  async limits(): Promise<StoredLimits> {
    return limitsFrom(await this.manager.findOneBy(LimitsEntity, { tenant: this.tenant }));
  }

  async putLimits(definition: TenantLimits, revision: number): Promise<void> {
    const before = await this.limits();
    const row = { tenant: this.tenant, definition, revision, updatedAt: new Date() };
    await this.manager.upsert(LimitsEntity, row, ['tenant']);
    await this.record({ action: 'changed', resource: 'limits', before: before.definition, after: definition });
  }

  async newestBundle(): Promise<BundleHead | null> {
    const row = await this.manager.findOneBy(BundleEntity, { tenant: this.tenant, version: this.version });
    return row && headFrom(row);
  }

  async addBundle({ signed, change, issuedAt, expiresAt, version }: IssuedBundle): Promise<void> {
    const { tenant } = this;
    await this.manager.insert(BundleEntity, {
      tenant,
      version,
      ...signed,
      change,
      issuedAt,
      expiresAt,
      deliveredAt: null,
    });
    await this.manager.update(TenantEntity, { id: tenant }, { version });
    await this.manager.delete(BundleEntity, { tenant, version: LessThanOrEqual(version - BUNDLES_KEPT) });
  }

  record(change: ChangeDraft): Promise<void> {
    return recordChange(this.manager, this.tenant, change);
  }

  #recordDefinition<K extends Kind>(
    kind: K,
    id: string,
    before?: Definitions[K],
    after?: Definitions[K],
  ): Promise<void> {
    const action = before === undefined ? 'created' : after === undefined ? 'removed' : 'changed';
    const shown = (definition?: Definitions[K]): object | null => (definition ? shownOf(kind, definition) : null);
    return this.record({ action, resource: `${kind}/${id}`, before: shown(before), after: shown(after) });
  }

  async #all<K extends Kind>(kind: K): Promise<Definitions[K][]> {
    const rows = await this.manager.find(definitionEntities[kind], {
      where: { tenant: this.tenant },
      order: { id: 'ASC' },
    });
    return rows.map((row) => storedFrom<K>(row).definition);
  }
}
