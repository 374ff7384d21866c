import type { TenantLimits } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { type EntityManager, In, LessThanOrEqual, Not } from 'typeorm';
import { type Draft, OPEN_STATES } from '../../drafts/draft.js';
import { DraftEntity } from '../../drafts/entities/draft.entity.js';
import { recordChange, recordChanges } from '../../changes/adapters/postgres-change-record.js';
import type { ChangeDraft } from '../../changes/change.js';
import { draftFrom, headFrom, limitsFrom, recordOf, reviewFrom, storedFrom } from './rows.js';
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
  TestEntity,
  ToolEntity,
  WaiverEntity,
} from '../entities/definition.entities.js';
import { LimitsEntity } from '../entities/limits.entity.js';
import { ReviewEntity } from '../entities/review.entity.js';
import { TenantEntity } from '../entities/tenant.entity.js';
import {
  type BundleHead,
  type DefinitionWrite,
  type Definitions,
  type IssuedBundle,
  type Kind,
  KINDS,
  type Review,
  type Stored,
  type StoredLimits,
  type StoredReview,
  type TenantPolicy,
  type TenantTransaction,
} from '../policy.repository.js';

/** Bundles kept per tenant, to look back at. */
const BUNDLES_KEPT = 100;
/** Drafts that have ended and are kept per tenant. */
const ENDED_DRAFTS_KEPT = 200;
/** Definitions of one statement. */
const ROWS_MAX = 500;

export const definitionEntities = {
  agents: AgentEntity,
  tools: ToolEntity,
  rules: RuleEntity,
  models: ModelEntity,
  keys: KeyEntity,
  halts: HaltEntity,
  policies: CedarPolicyEntity,
  tests: TestEntity,
  quotas: QuotaEntity,
  delegations: DelegationEntity,
  residencies: ResidencyEntity,
  redactions: RedactionEntity,
  patterns: PatternEntity,
  waivers: WaiverEntity,
};
/** One tenant's rows, inside the transaction that holds its lock. */
export class PostgresTenantTransaction implements TenantTransaction {
  constructor(
    private readonly manager: EntityManager,
    readonly tenant: string,
    readonly version: number,
  ) {}

  async policy(): Promise<TenantPolicy> {
    const found: [Kind, unknown[]][] = [];
    for (const kind of KINDS) found.push([kind, (await this.all(kind)).map(({ definition }) => definition)]);
    return Object.fromEntries(found) as unknown as TenantPolicy;
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

  async write(writes: readonly DefinitionWrite[], revision: number): Promise<void> {
    const { tenant } = this;
    const updatedAt = new Date();
    for (const kind of KINDS) {
      const own = writes.filter((write) => write.kind === kind);
      const gone = own.flatMap(({ id, after }) => (after === null ? [id] : []));
      const rows = own.flatMap(({ id, after: definition }) =>
        definition === null ? [] : [{ tenant, id, definition, revision, updatedAt }],
      );
      if (gone.length > 0) await this.manager.delete(definitionEntities[kind], { tenant, id: In(gone) });
      for (let at = 0; at < rows.length; at += ROWS_MAX)
        await this.manager.upsert(definitionEntities[kind], rows.slice(at, at + ROWS_MAX), ['tenant', 'id']);
    }
    const records = writes.map(({ kind, id, before, after }) =>
      recordOf(kind, id, before ?? undefined, after ?? undefined),
    );
    await recordChanges(this.manager, tenant, records);
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

  async review(): Promise<StoredReview> {
    return reviewFrom(await this.manager.findOneBy(ReviewEntity, { tenant: this.tenant }));
  }

  async putReview(definition: Review, revision: number): Promise<void> {
    const before = await this.review();
    const row = { tenant: this.tenant, definition, revision, updatedAt: new Date() };
    await this.manager.upsert(ReviewEntity, row, ['tenant']);
    await this.record({ action: 'changed', resource: 'review', before: before.definition, after: definition });
  }

  async draft(id: string): Promise<Draft | null> {
    return draftFrom(await this.manager.findOneBy(DraftEntity, { tenant: this.tenant, id }));
  }

  async putDraft(draft: Draft): Promise<void> {
    await this.manager.save(DraftEntity, { tenant: this.tenant, ...draft });
  }

  async shadowDraft(): Promise<Draft | null> {
    return draftFrom(await this.manager.findOneBy(DraftEntity, { tenant: this.tenant, state: 'shadow' }));
  }

  async forgetDrafts(): Promise<void> {
    const { tenant } = this;
    const where = { tenant, state: Not(In([...OPEN_STATES])) };
    const order = { updatedAt: 'DESC', id: 'DESC' } as const;
    const old = await this.manager.find(DraftEntity, {
      where,
      order,
      skip: ENDED_DRAFTS_KEPT,
      select: { tenant: true, id: true },
    });
    if (old.length > 0) await this.manager.delete(DraftEntity, { tenant, id: In(old.map(({ id }) => id)) });
  }

  openDrafts(): Promise<number> {
    return this.manager.countBy(DraftEntity, { tenant: this.tenant, state: In([...OPEN_STATES]) });
  }

  async newestBundle(): Promise<BundleHead | null> {
    const row = await this.manager.findOneBy(BundleEntity, { tenant: this.tenant, version: this.version });
    return row && headFrom(row);
  }

  async addBundle({ signed, change, author, issuedAt, expiresAt, version }: IssuedBundle): Promise<void> {
    const { tenant } = this;
    await this.manager.insert(BundleEntity, {
      tenant,
      version,
      ...signed,
      change,
      author,
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
    return this.record(recordOf(kind, id, before, after));
  }

  async all<K extends Kind>(kind: K): Promise<Stored<K>[]> {
    const rows = await this.manager.find(definitionEntities[kind], {
      where: { tenant: this.tenant },
      order: { id: 'ASC' },
    });
    return rows.map((row) => storedFrom<K>(row));
  }
}
